package pm.daemon.probe;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import pm.config.Template;
import pm.daemon.core.plan.Account;
import pm.daemon.core.plan.SpawnPlan;

/**
 * The words that lead from a child of ours to a command as it is to be run: output into its pipe,
 * umask, user, a session of its own. Every link replaces itself by the next, so the pid stays.
 *
 * <p>What runs with our rights before the user is changed sees nothing of the program's
 * environment, in which its user could have put a library of his ({@code LD_PRELOAD}). It travels
 * in variables of another name and is unpacked behind the change; never on a command line, which
 * everybody can read. The program's folder is entered behind the change too: a user must not get to
 * where he has no way.
 *
 * @param words what is started
 * @param environment all of what it is started with
 * @param folder where it is started
 */
record CommandChain(List<String> words, Map<String, String> environment, String folder) {
  private static final List<String> FOLDERS =
      List.of("/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin");

  private static final String PACKED = "PM_PACKED_";
  private static final String PACKED_FOLDER = PACKED + "FOLDER";

  /** Variables that some shells refuse to set. */
  private static final Set<String> READ_ONLY =
      Set.of("UID", "EUID", "PPID", "GROUPS", "SHELLOPTS", "BASHOPTS", "BASH_VERSINFO", "_");

  /** Something that is needed is not installed; the message is a sentence. */
  static final class MissingToolException extends Exception {
    private static final long serialVersionUID = 1L;

    MissingToolException(String tool) {
      super(
          tool + " is not installed, and commands cannot be run without; it is in util-linux",
          null,
          false,
          false);
    }
  }

  /**
   * Makes the chain.
   *
   * @param plan the command as a process of its program
   * @param pipe where its output goes
   * @param isOwnUser whether it needs no other user than ours
   */
  static CommandChain of(SpawnPlan plan, Path pipe, boolean isOwnUser) throws MissingToolException {
    Map<String, String> wanted = plan.environment();
    List<String> words = new ArrayList<>();
    words.add("/bin/sh");
    words.add("-c");
    words.add(
        String.format(
            Locale.ROOT, "umask %03o; exec </dev/null >\"$0\" 2>&1; exec \"$@\"", plan.umask()));
    words.add(pipe.toString());
    if (isOwnUser) {
      addSession(words);
      words.addAll(plan.argv());
      return new CommandChain(words, wanted, plan.workingDirectory());
    }
    addUser(words, plan.account());
    addSession(words);
    Map<String, String> packed = new TreeMap<>();
    packed.put("PATH", String.join(":", FOLDERS));
    packed.put(PACKED_FOLDER, plan.workingDirectory());
    words.add("/bin/sh");
    words.add("-c");
    words.add(unpacking(wanted, packed));
    words.add("pmd");
    words.addAll(plan.argv());
    return new CommandChain(words, packed, "/");
  }

  private static void addSession(List<String> words) throws MissingToolException {
    words.add(tool("setsid"));
    words.add("-w");
  }

  private static void addUser(List<String> words, Account account) throws MissingToolException {
    words.add(tool("setpriv"));
    words.add("--reuid=" + Integer.toUnsignedString(account.uid()));
    words.add("--regid=" + Integer.toUnsignedString(account.gid()));
    words.add(
        account.groups().isEmpty()
            ? "--clear-groups"
            : "--groups="
                + account.groups().stream()
                    .map(Integer::toUnsignedString)
                    .collect(Collectors.joining(",")));
    words.add("--");
  }

  private static String unpacking(Map<String, String> wanted, Map<String, String> packed) {
    StringBuilder script = new StringBuilder();
    script.append("cd -- \"$").append(PACKED_FOLDER).append("\" || exit 126; unset ");
    script.append(PACKED_FOLDER).append(" PWD OLDPWD; ");
    int number = 0;
    for (Map.Entry<String, String> variable : wanted.entrySet()) {
      String name = variable.getKey();
      // A shell cannot hold variables of other names.
      if (Template.isName(name) && !READ_ONLY.contains(name)) {
        String carrier = PACKED + number;
        packed.put(carrier, name + "=" + variable.getValue());
        script.append("export \"$").append(carrier).append("\"; unset ").append(carrier);
        script.append("; ");
        number++;
      }
    }
    return script.append("exec \"$@\"").toString();
  }

  private static String tool(String name) throws MissingToolException {
    Optional<Path> found =
        FOLDERS.stream()
            .map(folder -> Path.of(folder, name))
            .filter(Files::isExecutable)
            .findFirst();
    return found.orElseThrow(() -> new MissingToolException(name)).toString();
  }
}
