/** The place of {@link com.kenai.jffi.Foreign}, whose name the native library decides. */
@NullMarked
package com.kenai.jffi;

import org.jspecify.annotations.NullMarked;
