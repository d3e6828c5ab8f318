/** Writes the pages of the manual and the bill of materials that packages bring. Never shipped. */
@NullMarked
package pm.documentation;

import org.jspecify.annotations.NullMarked;
