/**
 * The URL of each node of a RabbitMQ that `QUEUE_URL` names: `amqp://user:password@a,amqp://user:password@b`. An empty list:
 * one of them is no URL of RabbitMQ, or they differ in `amqp` and `amqps`.
 */
export function nodeUrls(url: string): readonly string[] {
  const urls = url.split(/\s*,\s*(?=amqps?:)/);
  const protocols = new Set(urls.map((one) => (URL.canParse(one) ? new URL(one).protocol : '')));
  const [protocol = ''] = protocols;
  return protocols.size === 1 && ['amqp:', 'amqps:'].includes(protocol) ? urls : [];
}
