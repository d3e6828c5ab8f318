package pm.cli.client;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** A link by what the JDK has: it works everywhere, but takes 300 classes. */
final class ChannelLink implements Link {
  private final SocketChannel channel;
  private final Selector selector;
  private final SelectionKey key;

  private ChannelLink(SocketChannel channel, Selector selector) throws IOException {
    this.channel = channel;
    this.selector = selector;
    this.key = channel.register(selector, SelectionKey.OP_READ);
  }

  /** Connects, at once or not at all: a listening socket needs no time. */
  static Link connect(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
      channel.configureBlocking(false);
      return new ChannelLink(channel, Selector.open());
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  @Override
  public void write(ByteBuffer bytes) throws IOException {
    channel.write(bytes);
  }

  @Override
  public int read(ByteBuffer bytes) throws IOException {
    return channel.read(bytes);
  }

  @Override
  public int await(long nanos, boolean alsoForRoom) throws IOException {
    key.interestOps(SelectionKey.OP_READ | (alsoForRoom ? SelectionKey.OP_WRITE : 0));
    if (selector.select(nanos / 1_000_000 + 1) == 0) {
      return 0;
    }
    selector.selectedKeys().clear();
    return (key.isReadable() ? READABLE : 0) | (key.isWritable() ? WRITABLE : 0);
  }

  @Override
  public void wakeUp() {
    selector.wakeup();
  }

  @Override
  public void close() throws IOException {
    selector.close();
    channel.close();
  }
}
