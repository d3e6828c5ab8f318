package pm.config;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.JacksonYAMLParseException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/**
 * Turns the tokens of one file into a tree of {@link Node}s. Knows no keys. Stops at the first
 * thing that is not valid, or that is larger than {@link Limits} allow, before it can hurt: tokens
 * are taken one by one, so nothing beyond the limit is ever built.
 */
final class NodeReader {
  /**
   * What a file may hold.
   *
   * @param nodes values and entries, those copied by {@code <<} included
   */
  record Limits(int depth, int aliases, int nodes) {
    static final Limits OF_FILES = new Limits(32, 20, 50_000);

    /** What we have written ourselves is as large as all files together can be. */
    static final Limits OF_KEPT = new Limits(32, 0, 4_000_000);
  }

  private static final String MERGE = "<<";

  private final String file;
  private final JsonParser tokens;
  private final Limits limits;
  private final Map<String, Node> anchors = new HashMap<>();
  private final Set<String> unfinished = new HashSet<>();
  private int aliases;
  private int nodes;

  private NodeReader(String file, JsonParser tokens, Limits limits) {
    this.file = file;
    this.tokens = tokens;
    this.limits = limits;
  }

  /** Reads YAML; empty if there is nothing but comments. */
  static Optional<Node> readYaml(String file, String text) throws UnreadableFileException {
    try (var tokens = new YamlTokens(text)) {
      return new NodeReader(file, tokens, Limits.OF_FILES).yaml();
    } catch (IOException invalid) {
      throw new UnreadableFileException(
          Location.ofFile(file), "not valid YAML: " + invalid.getMessage(), "");
    }
  }

  /** Reads JSON that we have written. */
  static Optional<Node> readJson(String file, String text) throws UnreadableFileException {
    try (JsonParser tokens = new JsonFactory().createParser(text)) {
      return new NodeReader(file, tokens, Limits.OF_KEPT).document();
    } catch (JsonParseException invalid) {
      throw new UnreadableFileException(
          at(file, invalid.getLocation()), "not valid JSON: " + invalid.getOriginalMessage(), "");
    } catch (IOException invalid) {
      throw new UnreadableFileException(
          Location.ofFile(file), "not valid JSON: " + invalid.getMessage(), "");
    }
  }

  private Optional<Node> yaml() throws IOException, UnreadableFileException {
    try {
      return document();
    } catch (JacksonYAMLParseException invalid) {
      throw syntax(invalid);
    } catch (JsonParseException invalid) {
      // The parser below has no objection, but only text can be a key for us.
      throw unreadable("only text can be a key", "put text that begins with {, [ or * in quotes");
    }
  }

  private Optional<Node> document() throws IOException, UnreadableFileException {
    JsonToken first = tokens.nextToken();
    if (first == null) {
      return Optional.empty();
    }
    Node root = node(first, 1);
    if (tokens.nextToken() != null) {
      throw unreadable(
          "a second document begins here", "one file holds one document; remove the line ---");
    }
    return Optional.of(root);
  }

  private Node node(JsonToken token, int depth) throws IOException, UnreadableFileException {
    refuseTag();
    countNode();
    if (tokens instanceof YamlTokens yaml && yaml.isCurrentAlias()) {
      return alias();
    }
    JsonLocation start = tokens.currentTokenLocation();
    int line = start.getLineNr();
    int column = start.getColumnNr();
    String anchor = tokens instanceof YamlTokens yaml ? yaml.getObjectId() : null;
    if (anchor != null) {
      unfinished.add(anchor);
    }
    Node node;
    if (token == JsonToken.START_OBJECT) {
      checkDepth(depth);
      node = entries(depth, line, column);
    } else if (token == JsonToken.START_ARRAY) {
      checkDepth(depth);
      node = items(depth, line, column);
    } else {
      boolean plain =
          tokens instanceof YamlTokens yaml ? yaml.isPlain() : token != JsonToken.VALUE_STRING;
      node = new Node.Text(text(), plain, line, column);
    }
    if (anchor != null) {
      unfinished.remove(anchor);
      anchors.put(anchor, node);
    }
    return node;
  }

  /** The text of a scalar or a key. An escape can write what a file cannot hold. */
  private String text() throws IOException, UnreadableFileException {
    String text = tokens.getText();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == 0) {
        throw unreadable("text cannot hold the character NUL", "remove \\0");
      }
      if (Character.isSurrogate(c)) {
        if (Character.isLowSurrogate(c)
            || i + 1 == text.length()
            || !Character.isLowSurrogate(text.charAt(i + 1))) {
          throw unreadable("text cannot hold half a character", "write \\U with all eight digits");
        }
        i++;
      }
    }
    return text;
  }

  private Node items(int depth, int line, int column) throws IOException, UnreadableFileException {
    var items = new ArrayList<Node>(4);
    while (true) {
      JsonToken token = next();
      if (token == JsonToken.END_ARRAY) {
        return new Node.Items(items, line, column);
      }
      items.add(node(token, depth + 1));
    }
  }

  private Node entries(int depth, int line, int column)
      throws IOException, UnreadableFileException {
    var byKey = new HashMap<String, Node.Entry>();
    var entries = new ArrayList<Node.Entry>(8);
    var merges = new ArrayList<Node.Entry>(0);
    var duplicates = new ArrayList<Node.Duplicate>(0);
    while (true) {
      JsonToken token = next();
      if (token == JsonToken.END_OBJECT) {
        break;
      }
      refuseTag();
      JsonLocation start = tokens.currentTokenLocation();
      String key = text();
      var entry =
          new Node.Entry(key, start.getLineNr(), start.getColumnNr(), node(next(), depth + 1));
      Node.Entry first = byKey.putIfAbsent(key, entry);
      if (first != null) {
        duplicates.add(new Node.Duplicate(entry, first));
      } else if (key.equals(MERGE) && isMergeable(entry.value())) {
        merges.add(entry);
      } else {
        entries.add(entry);
      }
    }
    for (Node.Entry merge : merges) {
      merge(merge.value(), byKey, entries);
    }
    return new Node.Entries(entries, duplicates, line, column);
  }

  private static boolean isMergeable(Node value) {
    return switch (value) {
      case Node.Entries entries -> true;
      case Node.Items items -> {
        for (Node item : items.items()) {
          if (!(item instanceof Node.Entries)) {
            yield false;
          }
        }
        yield true;
      }
      case Node.Text text -> false;
    };
  }

  /** What is there already wins, as the merge key of YAML 1.1 says. */
  private void merge(Node source, Map<String, Node.Entry> byKey, List<Node.Entry> entries)
      throws UnreadableFileException {
    switch (source) {
      case Node.Entries more -> {
        for (Node.Entry entry : more.entries()) {
          if (byKey.putIfAbsent(entry.key(), entry) == null) {
            countNode();
            entries.add(entry);
          }
        }
      }
      case Node.Items items -> {
        for (Node item : items.items()) {
          merge(item, byKey, entries);
        }
      }
      case Node.Text text -> throw new IllegalStateException("not mergeable: " + text);
    }
  }

  private Node alias() throws IOException, UnreadableFileException {
    String name = tokens.getText();
    aliases++;
    if (aliases > limits.aliases()) {
      throw unreadable("more than " + limits.aliases() + " aliases", "write the values out");
    }
    if (unfinished.contains(name)) {
      throw unreadable("the alias *" + name + " stands inside what it means", "remove it");
    }
    Node node = anchors.get(name);
    if (node == null) {
      throw unreadable(
          "the alias *" + name + " has no anchor before it",
          "write &" + name + " at the value it means");
    }
    return node;
  }

  private JsonToken next() throws IOException, UnreadableFileException {
    JsonToken token = tokens.nextToken();
    if (token == null) {
      throw unreadable("the file ends in the middle", "");
    }
    return token;
  }

  private void refuseTag() throws UnreadableFileException {
    if (tokens instanceof YamlTokens yaml && !yaml.tag().isEmpty()) {
      throw unreadable(
          "the tag " + Quoted.text(yaml.tag()) + " is refused",
          "remove it; types need not be named");
    }
  }

  private void countNode() throws UnreadableFileException {
    nodes++;
    if (nodes > limits.nodes()) {
      throw unreadable(
          "more than " + limits.nodes() + " values in one file", "split it into several files");
    }
  }

  private void checkDepth(int depth) throws UnreadableFileException {
    if (depth > limits.depth()) {
      throw unreadable("nested more than " + limits.depth() + " levels deep", "no key needs that");
    }
  }

  private UnreadableFileException unreadable(String message, String remedy) {
    return new UnreadableFileException(at(file, tokens.currentTokenLocation()), message, remedy);
  }

  private static Location at(String file, JsonLocation location) {
    return new Location(
        file, Math.max(0, location.getLineNr()), Math.max(0, location.getColumnNr()));
  }

  private UnreadableFileException syntax(JacksonYAMLParseException invalid) {
    if (invalid.getCause() instanceof MarkedYAMLException marked) {
      Mark mark = marked.getProblemMark();
      Mark context = marked.getContextMark();
      String problem = marked.getProblem() == null ? "" : marked.getProblem();
      // A quote or bracket that is never closed is best shown where it opens.
      boolean unclosed = problem.contains("end of stream") || problem.contains("<stream end>");
      Mark shown = context != null && (mark == null || unclosed) ? context : mark;
      return YamlSyntax.explain(at(file, shown), marked.getContext(), problem);
    }
    return YamlSyntax.explain(
        at(file, tokens.currentTokenLocation()), "", invalid.getOriginalMessage());
  }

  private static Location at(String file, Mark mark) {
    return mark == null
        ? Location.ofFile(file)
        : new Location(file, mark.getLine() + 1, mark.getColumn() + 1);
  }
}
