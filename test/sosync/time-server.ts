import { createSocket, type Socket } from 'node:dgram';

/** An SNTP server of our own on loopback, over UDP. */
export interface TimeServerFake {
  readonly port: number;
  /** Its clock less ours, in milliseconds. */
  offsetMs: number;
  /** Its behaviour instead of the time: no response, "ask no more", a response to another request, half a response. */
  mood: 'honest' | 'silent' | 'kiss-of-death' | 'unsynchronised' | 'forged' | 'short';
  asked: number;
  close(): Promise<void>;
}

const unixEpoch = 2_208_988_800;

export async function startTimeServer(offsetMs = 0): Promise<TimeServerFake> {
  const socket: Socket = createSocket('udp4');
  const fake: TimeServerFake = {
    port: 0,
    offsetMs,
    mood: 'honest',
    asked: 0,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
  socket.on('message', (request, { port, address }) => {
    fake.asked += 1;
    if (fake.mood === 'silent') return;
    const answer = Buffer.alloc(48);
    answer[0] = fake.mood === 'unsynchronised' ? 0xe4 : 0x24;
    answer[1] = fake.mood === 'kiss-of-death' ? 0 : 2;
    request.copy(answer, 24, 40, 48);
    if (fake.mood === 'forged') answer[24] = (answer[24] ?? 0) ^ 0xff;
    const time = (Date.now() + fake.offsetMs) / 1000 + unixEpoch;
    for (const place of [32, 40]) {
      answer.writeUInt32BE(Math.floor(time) % 2 ** 32, place);
      answer.writeUInt32BE(Math.floor((time % 1) * 2 ** 32), place + 4);
    }
    socket.send(fake.mood === 'short' ? answer.subarray(0, 20) : answer, port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return Object.assign(fake, { port: socket.address().port });
}
