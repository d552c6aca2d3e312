package fq.mongo;

import com.mongodb.MongoClientSettings;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.spark.sql.connector.config.MongoConfig;
import com.mongodb.spark.sql.connector.connection.MongoClientFactory;
import org.bson.BsonReader;
import org.bson.BsonType;
import org.bson.BsonValue;
import org.bson.ByteBuf;
import org.bson.RawBsonDocument;
import org.bson.codecs.BsonDocumentCodec;
import org.bson.codecs.DecoderContext;
import org.bson.codecs.RawBsonDocumentCodec;
import org.bson.codecs.configuration.CodecRegistries;

/**
 * Clients that leave documents within documents as the bytes that they are.
 *
 * <p>The driver's own way decodes them, and what is encoded again is not what was read: of fields with the same name one
 * is left, text that is not UTF-8 is replaced, options of regular expressions are sorted.
 */
public final class WholeDocuments implements MongoClientFactory {
  private final MongoConfig config;

  public WholeDocuments(MongoConfig config) {
    this.config = config;
  }

  @Override
  public MongoClient create() {
    return MongoClients.create(
        MongoClientSettings.builder()
            .applyConnectionString(config.getConnectionString())
            .codecRegistry(
                CodecRegistries.fromRegistries(
                    CodecRegistries.fromCodecs(new Codec()), MongoClientSettings.getDefaultCodecRegistry()))
            .build());
  }

  /** The connector shares the clients of factories that are equal. */
  @Override
  public boolean equals(Object other) {
    return other instanceof WholeDocuments
        && config.getConnectionString().equals(((WholeDocuments) other).config.getConnectionString());
  }

  @Override
  public int hashCode() {
    return config.getConnectionString().hashCode();
  }

  private static final class Codec extends BsonDocumentCodec {
    private static final RawBsonDocumentCodec RAW = new RawBsonDocumentCodec();

    @Override
    protected BsonValue readValue(BsonReader reader, DecoderContext context) {
      if (reader.getCurrentBsonType() != BsonType.DOCUMENT) {
        return super.readValue(reader, context);
      }
      // The connector takes the whole array beneath a raw document, so there may be nothing else in it.
      ByteBuf bytes = RAW.decode(reader, context).getByteBuffer();
      byte[] exact = new byte[bytes.remaining()];
      bytes.get(exact);
      return new RawBsonDocument(exact);
    }
  }
}
