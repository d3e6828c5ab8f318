package pm.documentation;

/**
 * A page of the manual.
 *
 * @param name of it
 * @param text as roff
 */
record ManPage(Name name, String text) {
  /**
   * By what a reader asks for a page.
   *
   * @param title such as {@code pmctl-start}
   * @param section 1 to 8
   */
  record Name(String title, int section) {
    /** The file below the folder of manuals: {@code man1/pmctl-start.1}. */
    String file() {
      return "man" + section + "/" + title + "." + section;
    }

    /** As text refers to it, in Markdown. */
    String reference() {
      return "**" + title + "**(" + section + ")";
    }
  }
}
