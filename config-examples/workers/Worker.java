import java.io.*;
import java.util.regex.*;

/**
 * A worker in Java ({@code java Worker.java}): answers pings, does tasks, ends when asked to.
 *
 * <p>Messages are JSON-RPC 2.0, one a line, on stdin and stdout. What else it has to say goes to
 * stderr, which is its log. Java's library has no JSON: this one finds what it needs in the lines as
 * pmd writes them.
 */
public final class Worker {
  private static void send(String members) {
    System.out.print("{\"jsonrpc\":\"2.0\"," + members + "}\n");
    System.out.flush();
  }

  /** The first string or number that is called so, as JSON. */
  private static String member(String line, String name) {
    Matcher found =
        Pattern.compile("\"" + name + "\":(\"(?:[^\"\\\\]|\\\\.)*\"|-?[0-9]+)").matcher(line);
    return found.find() ? found.group(1) : "null";
  }

  /** Replace this by what you do. What it returns is the result, as JSON. */
  private static String work(String type, String line) {
    if (type.equals("\"fail\"")) {
      throw new IllegalArgumentException("asked to fail");
    }
    return "{\"type\":" + type + "}";
  }

  private static String answer(String line) {
    switch (member(line, "method")) {
      case "\"ping\"":
        return "\"result\":{}";
      case "\"task\"":
        try {
          return "\"result\":" + work(member(line, "type"), line);
        } catch (RuntimeException problem) {
          // retry: whether another attempt may help.
          return "\"error\":{\"code\":1,\"message\":\"failed\",\"data\":{\"retry\":false}}";
        }
      default:
        return "\"error\":{\"code\":-32601,\"message\":\"no such method\"}";
    }
  }

  public static void main(String[] arguments) throws IOException {
    send("\"method\":\"ready\",\"params\":{}");
    send("\"method\":\"log\",\"params\":{\"level\":\"info\",\"message\":\"ready for work\"}");
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
    String line;
    while ((line = lines.readLine()) != null && !line.contains("\"method\":\"shutdown\"")) {
      if (line.startsWith("{\"jsonrpc\":\"2.0\",\"id\":")) {
        send("\"id\":" + member(line, "id") + "," + answer(line));
      }
    }
  }
}
