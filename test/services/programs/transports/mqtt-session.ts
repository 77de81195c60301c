import { MqttRecordBuilder, Transport } from '@nestjs/microservices';
import { nestTransport } from '../nest-transport.js';

const url = 'mqtt://127.0.0.1:1883';

/** A session that the broker keeps while its client is away: the next instance takes it over. */
export const transport = nestTransport({
  server: ({ topic }) => ({
    transport: Transport.MQTT,
    options: { url, clientId: topic, clean: false, subscribeOptions: { qos: 1 } },
  }),
  client: () => ({ transport: Transport.MQTT, options: { url } }),
  record: (data) => new MqttRecordBuilder(data).setQoS(1).build(),
});
