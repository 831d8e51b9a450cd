import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';
import { describeWithOwnRabbit, describeWithRabbit } from '../setup/rabbitmq';

describeWithRabbit('the RabbitMQ of the test run', (url) => {
  test('answers', async () => {
    const connection = await connect(url());
    await connection.close();
  });
});

describeWithOwnRabbit('a RabbitMQ of the suite', (rabbit) => {
  test('keeps a durable message over a kill', async () => {
    const before = await connect(rabbit().url);
    before.on('error', () => undefined);
    const channel = await before.createConfirmChannel();
    channel.on('error', () => undefined);
    await channel.assertQueue('kept', { durable: true });
    channel.sendToQueue('kept', Buffer.from('still here'), { persistent: true });
    await channel.waitForConfirms();
    // The message is on the disk by now; that there is such a queue, RabbitMQ writes down within two seconds.
    await sleep(3_000);
    await rabbit().kill();
    await rabbit().start();
    const after = await connect(rabbit().url);
    const message = await (await after.createChannel()).get('kept', { noAck: true });
    expect(message && message.content.toString()).toBe('still here');
    await after.close();
  });
});
