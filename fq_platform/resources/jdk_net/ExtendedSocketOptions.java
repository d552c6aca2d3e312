package jdk.net;

import java.net.SocketOption;

/** The names of the options that Apache's HTTP client looks for; see `Sockets`. */
public final class ExtendedSocketOptions {
    public static final SocketOption<Integer> TCP_KEEPIDLE = new Named("TCP_KEEPIDLE");
    public static final SocketOption<Integer> TCP_KEEPINTERVAL = new Named("TCP_KEEPINTERVAL");
    public static final SocketOption<Integer> TCP_KEEPCOUNT = new Named("TCP_KEEPCOUNT");

    private ExtendedSocketOptions() {}

    private record Named(String name) implements SocketOption<Integer> {
        @Override
        public Class<Integer> type() {
            return Integer.class;
        }
    }
}
