package fq.connect;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import org.sparkproject.connect.grpc.Grpc;
import org.sparkproject.connect.grpc.Metadata;
import org.sparkproject.connect.grpc.ServerCall;
import org.sparkproject.connect.grpc.ServerCallHandler;
import org.sparkproject.connect.grpc.ServerInterceptor;
import org.sparkproject.connect.grpc.Status;

/**
 * Lets a call to Spark Connect through only from this machine and with the key of the environment variable
 * FQ_CONNECT_KEY. Spark 3.5 itself listens on every address and asks nobody who they are, and who may call may run
 * any code.
 */
public final class KeyInterceptor implements ServerInterceptor {
    private static final Metadata.Key<String> HEADER = Metadata.Key.of("x-fq-key", Metadata.ASCII_STRING_MARSHALLER);

    private final byte[] key;

    public KeyInterceptor() {
        String given = System.getenv("FQ_CONNECT_KEY");
        if (given == null || given.isEmpty()) {
            throw new IllegalStateException("FQ_CONNECT_KEY is not set");
        }
        key = given.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        String offered = headers.get(HEADER);
        boolean knows = offered != null && MessageDigest.isEqual(key, offered.getBytes(StandardCharsets.UTF_8));
        if (knows && isThisMachine(call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR))) {
            return next.startCall(call, headers);
        }
        call.close(Status.UNAUTHENTICATED.withDescription("This server needs its key"), new Metadata());
        return new ServerCall.Listener<Q>() {};
    }

    private static boolean isThisMachine(SocketAddress caller) {
        return caller instanceof InetSocketAddress address && address.getAddress().isLoopbackAddress();
    }
}
