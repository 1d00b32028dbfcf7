"""Publishes one event to Parley, as plain JSON or in the wire format of a Schema Registry.

    pip install confluent-kafka            # plain JSON
    pip install 'confluent-kafka[json]'    # with a Schema Registry
    python publish.py BROKERS [REGISTRY_URL]
"""

import json
import sys
import uuid
from datetime import datetime, timezone

from confluent_kafka import Producer

TOPIC = "conversations.messages"

brokers = sys.argv[1]
registry_url = sys.argv[2] if len(sys.argv) > 2 else None

event = {
    "message_id": str(uuid.uuid4()),
    "conversation_id": "conversation-1",
    "customer_id": "customer-1",
    "clinic_code": "North",
    "direction": "in",
    "direction_type": "initial",
    "channel": "sms",
    "message_timestamp": datetime.now(timezone.utc).isoformat(),
    "text_length": 42,
}


def plain(value):
    return json.dumps(value).encode("utf-8")


def with_registry(url):
    from confluent_kafka.schema_registry import SchemaRegistryClient
    from confluent_kafka.schema_registry.json_schema import JSONSerializer
    from confluent_kafka.serialization import MessageField, SerializationContext

    registry = SchemaRegistryClient({"url": url})
    # The schema is the one that `parley schemas register` has put there; producers register none of their own.
    schema = registry.get_latest_version(f"{TOPIC}-value").schema
    serializer = JSONSerializer(
        schema, registry, conf={"auto.register.schemas": False, "use.latest.version": True}
    )
    return lambda value: serializer(value, SerializationContext(TOPIC, MessageField.VALUE))


serialize = with_registry(registry_url) if registry_url else plain

producer = Producer(
    {
        "bootstrap.servers": brokers,
        # Without this line librdkafka hashes keys with CRC32, and Parley's partitions are those of murmur2.
        "partitioner": "murmur2_random",
        "enable.idempotence": True,
    }
)


def delivered(error, message):
    if error is not None:
        sys.exit(f"not delivered: {error}")
    print(f"{message.topic()}[{message.partition()}] at {message.offset()}")


# The key is the event's key field, as UTF-8 and nothing else.
producer.produce(TOPIC, key=event["conversation_id"].encode("utf-8"), value=serialize(event), on_delivery=delivered)
producer.flush()
