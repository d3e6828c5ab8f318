package pm.config;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Reads the configuration: {@code pmd.yaml}, the files that it includes, or those that the user
 * names. Never fails: all that is wrong in all files is in the result, and whatever can be used in
 * spite of it is too. Reads files, so not for the loop thread; otherwise for any thread, one load
 * at a time.
 */
public final class ConfigurationLoader {
  /** The largest file. */
  public static final int MOST_BYTES = 1 << 20;

  private static final int MOST_BYTES_IN_ALL = 16 << 20;
  private static final int MOST_FILES = 2_000;
  private static final int MOST_PROGRAMS = 10_000;

  /**
   * A file of one line is slow to read for the parser, whose time grows with the square of a line's
   * length.
   */
  private static final int LONGEST_LINE = 128 << 10;

  private final Folders folders;
  private final Trust trust;
  private final boolean mayChangeUser;
  private final Optional<Map<String, String>> environment;

  /**
   * Makes one.
   *
   * @param folders where to look for files, and where logs will be
   * @param uid the user that the daemon runs as; only root may set {@code user} and the like
   * @param trust which files to refuse
   * @param environment the daemon's own, which programs may inherit; empty if it is not known
   */
  public ConfigurationLoader(
      Folders folders, int uid, Trust trust, Optional<Map<String, String>> environment) {
    this.folders = folders;
    this.trust = trust;
    mayChangeUser = uid == 0;
    this.environment = environment.map(Map::copyOf);
  }

  /**
   * Reads everything.
   *
   * @param paths files and folders as {@code --config} names them; none: the configuration folder,
   *     where nothing need exist
   */
  public Configuration load(List<String> paths) {
    return read(paths).configuration();
  }

  /**
   * What was read, and where.
   *
   * @param sources all that was looked at, as it was before it was read
   */
  public record Reading(Configuration configuration, SourceFiles sources) {}

  /**
   * Reads everything, and notes what it looks at.
   *
   * @param paths as {@link #load} takes them
   */
  public Reading read(List<String> paths) {
    var load = new Load();
    if (paths.isEmpty()) {
      load.folder(folders.config(), folders.config().toString(), false);
    }
    for (String path : paths) {
      load.path(path);
    }
    return new Reading(load.result(), load.sources);
  }

  /**
   * Reads the text of one file that may hold both kinds, as if it stood at {@code file}. Nothing is
   * included.
   *
   * @param file names it in problems; relative paths start at its folder
   */
  public Configuration loadText(String file, byte[] text) {
    var load = new Load();
    load.text(file, text);
    return load.result();
  }

  /** One run over all files. */
  private final class Load {
    private final DaemonReader daemon = new DaemonReader();
    private final SortedMap<String, ProgramSpec> programs = new TreeMap<>();
    private final SortedMap<String, Problems> ofPrograms = new TreeMap<>();
    private final SortedMap<String, Problems> ofProgramFiles = new TreeMap<>();
    private final SortedMap<String, Problems> ofDaemonFiles = new TreeMap<>();
    private final Map<String, Location> defined = new TreeMap<>();
    private final Dependencies dependencies = new Dependencies();
    private final Set<Path> seen = new HashSet<>();
    private final IdentityHashMap<Object, String> origins = new IdentityHashMap<>();

    /** The file that is merged over another one, by that one's name. */
    private final Map<String, String> overrides = new TreeMap<>();

    private final SourceFiles sources = new SourceFiles();
    private long bytes;
    private boolean tooMany;

    void path(String text) {
      try {
        Path path = Path.of(text);
        if (Files.isDirectory(path)) {
          folder(path, text, true);
        } else {
          daemonFile(path, text);
        }
      } catch (InvalidPathException invalid) {
        problems(ofDaemonFiles, Quoted.text(text))
            .add(Location.NONE, "", Quoted.text(text) + " is not a path", "");
      }
    }

    /** A folder as {@link Folders#config} is, or one that just holds files of programs. */
    void folder(Path folder, String shown, boolean mustHoldSomething) {
      Path file = folder.resolve(Folders.DAEMON_FILE);
      sources.file(file);
      Path override = Overrides.overrideOf(file);
      sources.file(override);
      if (!Files.exists(file) && Files.exists(override)) {
        reportAlone(override, join(shown, String.valueOf(override.getFileName())), ofDaemonFiles);
      }
      if (Files.exists(file)) {
        daemonFile(file, join(shown, Folders.DAEMON_FILE));
        return;
      }
      if (mustHoldSomething && !Files.isDirectory(folder.resolve("programs.d"))) {
        int before = seen.size();
        include(folder, shown, "*.yaml", Location.ofFile(shown));
        if (seen.size() == before) {
          problems(ofDaemonFiles, shown)
              .add(
                  Location.ofFile(shown),
                  "",
                  "there is no configuration in this folder",
                  "write " + Folders.DAEMON_FILE + " or another file that ends in .yaml");
        }
        return;
      }
      for (String pattern : DaemonSpec.DEFAULT.include()) {
        include(folder, shown, pattern, Location.ofFile(shown));
      }
    }

    private void reportAlone(Path path, String shown, SortedMap<String, Problems> owners) {
      sources.file(path);
      String base = Overrides.baseOf(shown.substring(shown.lastIndexOf('/') + 1));
      problems(owners, shown)
          .add(
              Location.ofFile(shown),
              "",
              "there is no " + base + " beside it that it could override",
              "rename it to " + base);
    }

    private void daemonFile(Path path, String shown) {
      if (Overrides.isOverride(shown)) {
        String base = Overrides.baseOf(shown);
        problems(ofDaemonFiles, shown)
            .add(
                Location.ofFile(shown),
                "",
                "it is merged over another file and not read by itself",
                "name " + base);
        return;
      }
      Problems problems = problems(ofDaemonFiles, shown);
      Optional<Section> top = open(path, shown, DaemonKeys.DAEMON, problems);
      if (top.isPresent()) {
        daemon.read(top.get());
        programs(top.get(), folderOf(path), problems);
      }
      // Even if the file cannot be read: a mistake in it must not hide the programs of others.
      List<String> patterns = List.of();
      Path name = path.getFileName();
      if (top.isPresent() && top.get().has("include")) {
        patterns = daemon.daemon().include();
      } else if (name != null && name.toString().equals(Folders.DAEMON_FILE)) {
        patterns = DaemonSpec.DEFAULT.include();
      }
      Location at = top.isPresent() ? top.get().location("include") : Location.ofFile(shown);
      int slash = shown.lastIndexOf('/');
      String shownFolder = slash < 0 ? "" : slash == 0 ? "/" : shown.substring(0, slash);
      for (String pattern : patterns) {
        include(folderOf(path), shownFolder, pattern, at);
      }
    }

    void text(String file, byte[] text) {
      Problems problems = problems(ofDaemonFiles, file);
      Optional<Node.Entries> root = parse(file, text, problems);
      if (root.isPresent()) {
        Section top = Section.of("", root.get(), DaemonKeys.DAEMON, problems);
        daemon.read(top);
        programs(top, folderOf(Path.of(file)), problems);
      }
    }

    private void include(Path folder, String shown, String pattern, Location at) {
      List<Path> files;
      try {
        files = FilePattern.find(folder, pattern);
        sources.pattern(folder, pattern, files);
      } catch (IOException | InvalidPathException failed) {
        problems(ofDaemonFiles, at.file())
            .add(
                at,
                "include",
                "cannot look for " + Quoted.text(pattern) + ": " + reason(failed),
                "");
        return;
      }
      if (files.isEmpty() && !FilePattern.isPattern(pattern)) {
        problems(ofDaemonFiles, at.file())
            .add(at, "include", "there is no file " + Quoted.text(pattern), "");
      }
      for (Path file : files) {
        String name =
            file.startsWith(folder)
                ? join(shown, folder.relativize(file).toString())
                : file.toString();
        programFile(file, name);
      }
    }

    private void programFile(Path path, String shown) {
      if (Overrides.isOverride(shown)) {
        Path base = path.resolveSibling(Overrides.baseOf(String.valueOf(path.getFileName())));
        if (!Files.exists(base)) {
          reportAlone(path, shown, ofProgramFiles);
        }
        return;
      }
      Problems problems = problems(ofProgramFiles, shown);
      Optional<Section> top = open(path, shown, DaemonKeys.PROGRAMS_FILE, problems);
      if (top.isPresent()) {
        programs(top.get(), folderOf(path), problems);
      }
    }

    /**
     * Reads a file that is there and the one that overrides it; empty if it has been read before,
     * is empty, or has a problem as a whole.
     */
    private Optional<Section> open(Path path, String shown, Keys keys, Problems problems) {
      Path override = Overrides.overrideOf(path);
      sources.file(path);
      sources.file(override);
      Optional<Node.Entries> root = root(path, shown, problems);
      if (Files.exists(override)) {
        String shownOverride = Overrides.overrideOf(shown);
        overrides.put(shown, shownOverride);
        var ofOverride = new Problems(shownOverride);
        Optional<Node.Entries> above = root(override, shownOverride, ofOverride);
        problems.addAll(ofOverride.sorted());
        if (!ofOverride.isEmpty()) {
          // Without it the other file says something that nobody means.
          return Optional.empty();
        }
        if (root.isPresent() && above.isPresent()) {
          root = Optional.of(Overrides.merge(root.get(), above.get(), shownOverride, origins));
        }
      }
      return root.isEmpty() || root.get().entries().isEmpty()
          ? Optional.empty()
          : Optional.of(Section.of("", root.get(), keys, problems));
    }

    /** The mapping in a file; empty if it has been read before or has a problem. */
    private Optional<Node.Entries> root(Path path, String shown, Problems problems) {
      Location whole = Location.ofFile(shown);
      try {
        Optional<MalformedValueException> distrust = trust.distrust(path);
        if (distrust.isPresent()) {
          problems.add(
              whole,
              "",
              distrust.get().what() + ", and this daemon runs as root",
              distrust.get().remedy());
          return Optional.empty();
        }
        if (!seen.add(path.toRealPath())) {
          return Optional.empty();
        }
        if (!Files.isRegularFile(path)) {
          problems.add(whole, "", "this is not a file", "name a file or a folder");
          return Optional.empty();
        }
        if (seen.size() > MOST_FILES || bytes > MOST_BYTES_IN_ALL) {
          tooMany(
              whole,
              "more than " + MOST_FILES + " files or " + Sizes.format(MOST_BYTES_IN_ALL),
              problems);
          return Optional.empty();
        }
        try (var in = Files.newInputStream(path)) {
          byte[] content = in.readNBytes(MOST_BYTES + 1);
          bytes += content.length;
          return parse(shown, content, problems);
        }
      } catch (IOException failed) {
        problems.add(whole, "", "cannot be read: " + reason(failed), "");
        return Optional.empty();
      }
    }

    private Optional<Node.Entries> parse(String shown, byte[] content, Problems problems) {
      try {
        if (content.length > MOST_BYTES) {
          throw new UnreadableFileException(
              Location.ofFile(shown),
              "the file is larger than " + Sizes.format(MOST_BYTES),
              "split it into several files");
        }
        String text = SourceText.decode(shown, content);
        checkLines(shown, text);
        Optional<Node> root = NodeReader.readYaml(shown, text);
        if (root.isEmpty() || Node.isNull(root.get())) {
          return Optional.of(new Node.Entries(List.of(), List.of(), 1, 1));
        }
        if (root.get() instanceof Node.Entries entries) {
          return Optional.of(entries);
        }
        boolean noBlank = root.get() instanceof Node.Text line && line.text().contains(":");
        problems.add(
            root.get(),
            "",
            "a mapping is expected, not " + Section.describe(root.get()),
            noBlank
                ? "write a blank after the colon"
                : "write for example programs: {NAME: {command: …}}");
      } catch (UnreadableFileException unreadable) {
        problems.add(unreadable.problem());
      }
      return Optional.empty();
    }

    private void checkLines(String shown, String text) throws UnreadableFileException {
      int start = 0;
      int line = 1;
      while (start < text.length()) {
        int end = text.indexOf('\n', start);
        end = end < 0 ? text.length() : end;
        if (end - start > LONGEST_LINE) {
          throw new UnreadableFileException(
              new Location(shown, line, 1),
              "the line is longer than " + LONGEST_LINE + " characters",
              "break it");
        }
        start = end + 1;
        line++;
      }
    }

    private void programs(Section top, Path folder, Problems problems) {
      Optional<Node> value = top.value("programs");
      if (value.isEmpty()) {
        return;
      }
      if (!(value.get() instanceof Node.Entries mapping)) {
        top.problem(
            "programs",
            "a mapping from names to programs is expected, not " + Section.describe(value.get()),
            "write programs: {NAME: {command: …}}");
        return;
      }
      var rules =
          new ProgramReader.Rules(folder, mayChangeUser, environment.map(Map::keySet), false);
      for (Node.Entry entry : mapping.entries()) {
        program(entry, rules, problems);
      }
      for (Node.Duplicate duplicate : mapping.duplicates()) {
        program(duplicate.entry(), rules, problems);
      }
    }

    private void program(Node.Entry entry, ProgramReader.Rules rules, Problems problems) {
      String name = entry.key();
      if (entry.key().equals("<<")) {
        problems.add(
            entry, "programs.<<", "<< takes a mapping or a list of mappings", "write <<: *NAME");
        return;
      }
      Location at = problems.locate(entry);
      Location first = defined.putIfAbsent(name, at);
      if (defined.size() > MOST_PROGRAMS) {
        tooMany(at, "more than " + MOST_PROGRAMS + " programs", problems);
        return;
      }
      var found = problems.another();
      Optional<ProgramSpec> program = ProgramReader.read(entry, rules, found, dependencies);
      if (first != null) {
        found.add(
            at,
            Section.join("programs", name),
            "this program is defined already at " + first,
            "remove one of them");
      }
      if (found.isEmpty() && program.isPresent()) {
        programs.put(name, program.get());
      } else {
        programs.remove(name);
        problems(ofPrograms, shown(name), problems.file()).addAll(found.sorted());
      }
    }

    private void tooMany(Location at, String what, Problems problems) {
      if (!tooMany) {
        tooMany = true;
        problems.add(at, "", what, "remove some");
      }
    }

    Configuration result() {
      checkDependencies();
      checkLogs();
      var all = new ArrayList<Problem>();
      SortedMap<String, List<Problem>> invalid = gather(ofPrograms, all);
      SortedMap<String, List<Problem>> unread = gather(ofProgramFiles, all);
      overrides.forEach(
          (base, override) -> {
            List<Problem> ofBase = unread.get(base);
            if (ofBase != null) {
              unread.putIfAbsent(override, ofBase);
            }
          });
      gather(ofDaemonFiles, all);
      all.sort(null);
      return new Configuration(daemon.daemon(), programs, invalid, unread, all);
    }

    private void checkDependencies() {
      boolean isComplete = !tooMany && areEmpty(ofProgramFiles) && areEmpty(ofDaemonFiles);
      dependencies
          .check(defined.keySet(), isComplete)
          .forEach(
              (name, found) -> {
                programs.remove(name);
                problems(ofPrograms, shown(name), found.getFirst().location().file()).addAll(found);
              });
    }

    private static boolean areEmpty(SortedMap<String, Problems> owners) {
      for (Problems each : owners.values()) {
        if (!each.isEmpty()) {
          return false;
        }
      }
      return true;
    }

    private void checkLogs() {
      var check = new LogFileCheck(folders.log(), environment.orElse(Map.of()), programs);
      var inOrder = new ArrayList<>(programs.values());
      inOrder.sort((left, right) -> left.location().compareTo(right.location()));
      for (ProgramSpec program : inOrder) {
        Optional<Problem> problem = check.add(program);
        if (problem.isPresent()) {
          programs.remove(program.name());
          problems(ofPrograms, program.name(), program.location().file()).add(problem.get());
        }
      }
    }

    private Problems problems(SortedMap<String, Problems> owners, String file) {
      return problems(owners, file, file);
    }

    private Problems problems(SortedMap<String, Problems> owners, String owner, String file) {
      return owners.computeIfAbsent(owner, key -> new Problems(file, origins));
    }

    private SortedMap<String, List<Problem>> gather(
        SortedMap<String, Problems> owners, List<Problem> all) {
      var gathered = new TreeMap<String, List<Problem>>();
      for (Map.Entry<String, Problems> owner : owners.entrySet()) {
        if (!owner.getValue().isEmpty()) {
          gathered.put(owner.getKey(), owner.getValue().sorted());
          all.addAll(owner.getValue().sorted());
        }
      }
      return gathered;
    }
  }

  /** A program whose name is not allowed is still listed, under something that can be shown. */
  private static String shown(String name) {
    if (Names.isProgramName(name)) {
      return name;
    }
    var shown = new StringBuilder();
    for (int i = 0; i < Math.min(name.length(), Names.LONGEST); i++) {
      char c = name.charAt(i);
      shown.append(Names.isGroupName("x" + c) ? c : '?');
    }
    return shown.isEmpty() ? "?" : shown.toString();
  }

  private static String join(String folder, String name) {
    return folder.isEmpty() ? name : folder.endsWith("/") ? folder + name : folder + "/" + name;
  }

  private static String reason(Exception failed) {
    return switch (failed) {
      case NoSuchFileException missing -> "there is no such file";
      case AccessDeniedException denied -> "permission denied";
      case FileSystemException other when other.getReason() != null -> other.getReason();
      default -> String.valueOf(failed.getMessage());
    };
  }

  private static Path folderOf(Path file) {
    Path parent = file.toAbsolutePath().normalize().getParent();
    return parent == null ? Path.of("/") : parent;
  }
}
