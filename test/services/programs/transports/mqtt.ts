import { MqttRecordBuilder, Transport } from '@nestjs/microservices';
import { nestTransport } from '../nest-transport.js';

const options = { url: 'mqtt://127.0.0.1:1883', subscribeOptions: { qos: 1 as const } };

/** A subscription that the instances share: each message goes to one of them. */
export const transport = nestTransport({
  server: ({ via = 1883 }) => ({
    transport: Transport.MQTT,
    options: { ...options, url: `mqtt://127.0.0.1:${via}`, reconnectPeriod: 100 },
  }),
  client: () => ({ transport: Transport.MQTT, options }),
  record: (data) => new MqttRecordBuilder(data).setQoS(1).build(),
  subscription: (topic) => `$share/workers/${topic}`,
});
