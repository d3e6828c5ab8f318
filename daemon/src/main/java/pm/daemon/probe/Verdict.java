package pm.daemon.probe;

/**
 * What came of a check.
 *
 * @param detail for people: what was asked, and what came back
 */
record Verdict(boolean passed, String detail) {}
