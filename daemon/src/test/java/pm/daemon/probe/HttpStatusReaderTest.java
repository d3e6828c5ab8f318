package pm.daemon.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class HttpStatusReaderTest {

  private static HttpStatusReader.Result read(String text) {
    return new HttpStatusReader().read(ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)));
  }

  @Test
  void statusLines() {
    for (String line :
        new String[] {"HTTP/1.1 204 No Content\r\n", "HTTP/1.0 204\n", "HTTP/1.1 204 \r\nX"}) {
      assertThat(read(line)).as(line).isEqualTo(new HttpStatusReader.Result.Status(204));
    }
  }

  @Test
  void whatIsNone() {
    for (String line :
        new String[] {
          "\r\n",
          "HTTP/2 200\r\n",
          "HTTP/1.1 20\r\n",
          "HTTP/1.1 2000\r\n",
          "HTTP/1.1 abc\r\n",
          "HTTP/1.1  200\r\n",
          "http/1.1 200 OK\r\n",
          "HTTP/1.1 099 x\r\n",
          "x".repeat(9_000)
        }) {
      assertThat(read(line)).as(line).isInstanceOf(HttpStatusReader.Result.Malformed.class);
    }
  }

  @Test
  void inPiecesOfOneByte() {
    HttpStatusReader reader = new HttpStatusReader();
    String text =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nA: b\r\n\r\nHTTP/1.1 500 x\r\n";
    HttpStatusReader.Result last = new HttpStatusReader.Result.Unfinished();
    for (byte b : text.getBytes(StandardCharsets.ISO_8859_1)) {
      assertThat(last).isEqualTo(new HttpStatusReader.Result.Unfinished());
      last = reader.read(ByteBuffer.wrap(new byte[] {b}));
    }
    assertThat(last).isEqualTo(new HttpStatusReader.Result.Status(500));
  }

  @Test
  void announcementsWithoutEndAreCut() {
    String announcement = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
    assertThat(read(announcement.repeat(3_000)))
        .isInstanceOf(HttpStatusReader.Result.Malformed.class);
  }

  @Test
  void addresses() {
    assertThat(Endpoint.parse("a.b:80")).hasValue(new Endpoint.Inet("a.b", 80));
    assertThat(Endpoint.parse("[::1]:80")).hasValue(new Endpoint.Inet("::1", 80));
    assertThat(Endpoint.parse("unix:/x y")).hasValue(new Endpoint.Unix("/x y"));
    for (String none :
        new String[] {"", "a", ":80", "a:", "a:0", "a:65536", "a:-1", "::1:80", "unix:x", "[]:1"}) {
      assertThat(Endpoint.parse(none)).as(none).isEmpty();
    }
  }

  @Test
  void passwordsAreNotShown() {
    assertThat(HttpRequest.shown("http://u:p@h:1/x@y")).isEqualTo("http://h:1/x@y");
    assertThat(HttpRequest.shown("http://u:p@h")).isEqualTo("http://h");
    assertThat(HttpRequest.shown("http://h/a@b")).isEqualTo("http://h/a@b");
    assertThat(HttpRequest.shown("127.0.0.1:80")).isEqualTo("127.0.0.1:80");
  }
}
