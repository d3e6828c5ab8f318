package pm.daemon.probe;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * What an HTTP probe asks.
 *
 * @param shown the URL without the password that it may hold
 * @param endpoint whom to ask
 * @param isSecure whether by TLS
 * @param text the request
 */
record HttpRequest(String shown, Endpoint.Inet endpoint, boolean isSecure, String text) {

  /** A URL cannot be asked; the message is the rest of the sentence. */
  static final class MalformedUrlException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedUrlException(String message) {
      super(message, null, false, false);
    }
  }

  /** Returns a URL, or another address, without the password that it may hold. */
  static String shown(String url) {
    int begin = url.indexOf("://");
    int end = url.indexOf('/', begin + 3);
    int at = url.lastIndexOf('@', end < 0 ? url.length() : end);
    return begin < 0 || at < begin ? url : url.substring(0, begin + 3) + url.substring(at + 1);
  }

  /** Makes the request for a URL. */
  static HttpRequest of(String url) throws MalformedUrlException {
    URI uri;
    try {
      uri = new URI(url);
    } catch (URISyntaxException malformed) {
      throw new MalformedUrlException("is not a URL: " + malformed.getReason());
    }
    boolean isSecure = "https".equalsIgnoreCase(uri.getScheme());
    if (!isSecure && !"http".equalsIgnoreCase(uri.getScheme())) {
      throw new MalformedUrlException("begins with neither http:// nor https://");
    }
    String host = uri.getHost();
    if (host == null || uri.getPort() > Endpoint.LAST_PORT || uri.getPort() == 0) {
      throw new MalformedUrlException("names no host and port");
    }
    int port = uri.getPort() > 0 ? uri.getPort() : isSecure ? 443 : 80;
    String authority = host + (uri.getPort() > 0 ? ":" + port : "");
    String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
    String target =
        new String((path + query).getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    String user = uri.getUserInfo();
    String authorization =
        user == null
            ? ""
            : "Authorization: Basic "
                + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8))
                + "\r\n";
    String text =
        "GET "
            + target
            + " HTTP/1.1\r\nHost: "
            + authority
            + "\r\nUser-Agent: pmd\r\nAccept: */*\r\n"
            + authorization
            + "Connection: close\r\n\r\n";
    String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    return new HttpRequest(shown(url), new Endpoint.Inet(bare, port), isSecure, text);
  }
}
