package jdk.net;

import java.net.Socket;
import java.net.SocketOption;
import java.util.Set;

/** What Apache's HTTP client asks of `jdk.net`, for a Java without that module: no socket has extended options. */
public final class Sockets {
    private Sockets() {}

    public static Set<SocketOption<?>> supportedOptions(Class<?> socketType) {
        return Set.of();
    }

    public static <T> void setOption(Socket socket, SocketOption<T> name, T value) {
        throw new UnsupportedOperationException(name.name());
    }
}
