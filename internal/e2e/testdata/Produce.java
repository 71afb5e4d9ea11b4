import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.file.DataFileWriter;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sends records with Apache's own producer and encodes them with Apache Avro.
 *
 * <p>Produce BROKERS TOPIC raw: each line of standard input is a value in Base64.
 *
 * <p>Produce BROKERS TOPIC bare|single|container SCHEMA: each line is a JSON object; a field it
 * leaves out takes the schema's default.
 */
public final class Produce {
  public static void main(String[] args) throws Exception {
    Schema schema = args.length > 3 ? new Schema.Parser().parse(new File(args[3])) : null;
    Map<String, Object> config = new HashMap<>();
    config.put("bootstrap.servers", args[0]);
    config.put("acks", "all");
    ByteArraySerializer bytes = new ByteArraySerializer();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(config, bytes, bytes)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        byte[] value = encode(args[2], schema, line);
        producer.send(new ProducerRecord<>(args[1], value)).get();
      }
    }
  }

  private static byte[] encode(String framing, Schema schema, String line) throws IOException {
    if (framing.equals("raw")) {
      return Base64.getDecoder().decode(line);
    }
    GenericData.Record datum = (GenericData.Record) value(schema, new ObjectMapper().readTree(line));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    switch (framing) {
      case "single":
        new BinaryMessageEncoder<GenericData.Record>(GenericData.get(), schema).encode(datum, out);
        break;
      case "container":
        try (DataFileWriter<GenericData.Record> w =
            new DataFileWriter<>(new GenericDatumWriter<GenericData.Record>(schema))) {
          w.create(schema, out).append(datum);
        }
        break;
      default:
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
        new GenericDatumWriter<GenericData.Record>(schema).write(datum, encoder);
        encoder.flush();
    }
    return out.toByteArray();
  }

  private static Object value(Schema s, JsonNode n) {
    switch (s.getType()) {
      case RECORD:
        GenericData.Record r = new GenericData.Record(s);
        for (Schema.Field f : s.getFields()) {
          boolean given = n.has(f.name());
          r.put(f.pos(), given ? value(f.schema(), n.get(f.name())) : GenericData.get().getDefaultValue(f));
        }
        return r;
      case ARRAY:
        List<Object> list = new ArrayList<>();
        for (JsonNode e : n) {
          list.add(value(s.getElementType(), e));
        }
        return list;
      case MAP:
        Map<String, Object> map = new HashMap<>();
        for (Iterator<Map.Entry<String, JsonNode>> it = n.fields(); it.hasNext(); ) {
          Map.Entry<String, JsonNode> e = it.next();
          map.put(e.getKey(), value(s.getValueType(), e.getValue()));
        }
        return map;
      case UNION:
        return n.isNull() ? null : value(s.getTypes().get(s.getTypes().size() - 1), n);
      case INT:
        return n.intValue();
      case LONG:
        return n.longValue();
      case DOUBLE:
        return n.doubleValue();
      case BOOLEAN:
        return n.booleanValue();
      default:
        return n.asText();
    }
  }
}
