import { type Duplex, Duplex as DuplexStream } from 'node:stream';

// The Tabular Data Stream of SQL Server, 7.4, as its server speaks it. Facts: MS-TDS, chapter 2.2.

export const packetTypes = { batch: 1, rpc: 3, answer: 4, attention: 6, login: 16, prelogin: 18 } as const;

export interface TdsMessage {
  readonly type: number;
  readonly data: Buffer;
}

/** Puts packets together to messages. */
export function createMessageReader(hear: (message: TdsMessage) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  let parts: Buffer[] = [];
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 8 && rest.length >= rest.readUInt16BE(2)) {
      const packet = rest.subarray(0, rest.readUInt16BE(2));
      rest = rest.subarray(packet.length);
      parts.push(packet.subarray(8));
      // "End of message".
      if (((packet[1] ?? 0) & 1) === 0) continue;
      const data = Buffer.concat(parts);
      parts = [];
      hear({ type: packet[0] ?? 0, data });
    }
  };
}

const packetBytes = 4096;

/** A message as packets. */
export function packetsOf(type: number, data: Buffer): Buffer {
  const packets: Buffer[] = [];
  for (let start = 0, number = 1; start === 0 || start < data.length; start += packetBytes - 8, number++) {
    const part = data.subarray(start, start + packetBytes - 8);
    const header = Buffer.alloc(8);
    header[0] = type;
    header[1] = start + part.length >= data.length ? 1 : 0;
    header.writeUInt16BE(part.length + 8, 2);
    header[6] = number % 256;
    packets.push(header, part);
  }
  return Buffer.concat(packets);
}

/**
 * The stream under TLS: the handshake is sent in PRELOGIN messages, everything after it unchanged. `isWrapped` false:
 * the handshake is over.
 */
export function createHandshakeStream(socket: Duplex): {
  readonly stream: Duplex;
  readonly finish: () => void;
} {
  let isWrapped = true;
  let pending: Buffer[] = [];
  const flush = () => {
    if (pending.length > 0) socket.write(packetsOf(packetTypes.prelogin, Buffer.concat(pending)));
    pending = [];
  };
  const stream = new DuplexStream({
    read: () => undefined,
    write(chunk: Buffer, _, done) {
      if (isWrapped) {
        // One message for each that came: the client waits for exactly one.
        if (pending.length === 0) setImmediate(flush);
        pending.push(chunk);
      } else socket.write(chunk);
      done();
    },
  });
  const readPackets = createMessageReader(({ data }) => stream.push(data));
  socket.on('data', (chunk: Buffer) => {
    if (isWrapped && chunk[0] === packetTypes.prelogin) readPackets(chunk);
    else stream.push(chunk);
  });
  socket.on('close', () => stream.destroy());
  return {
    stream,
    finish() {
      flush();
      isWrapped = false;
    },
  };
}

// What comes

/** True if a PRELOGIN says that the client can encrypt. */
export function wantsTls(data: Buffer): boolean {
  for (let place = 0; data[place] !== 0xff && place + 5 <= data.length; place += 5)
    if (data[place] === 1) return [1, 3].includes(data[data.readUInt16BE(place + 1)] ?? 2);
  return false;
}

export function readLogin(data: Buffer): { user: string; password: string; database: string; app: string } {
  const textAt = (place: number, isPassword = false) => {
    const start = data.readUInt16LE(place);
    const bytes = Buffer.from(data.subarray(start, start + data.readUInt16LE(place + 2) * 2));
    // Each byte with its halves swapped, exclusive or A5.
    if (isPassword)
      bytes.forEach((byte, at) => {
        const plain = byte ^ 0xa5;
        bytes[at] = ((plain << 4) & 0xf0) | (plain >> 4);
      });
    return bytes.toString('utf16le');
  };
  return { user: textAt(40), password: textAt(44, true), app: textAt(48), database: textAt(68) };
}

export type Parameter = string | Buffer | null;

/** A call of `sp_executesql`: the statement, and its parameters by their names. */
export function readStatement(data: Buffer): { text: string; parameters: ReadonlyMap<string, Parameter> } {
  let place = data.readUInt32LE(0);
  if (data.readUInt16LE(place) !== 0xffff || data.readUInt16LE(place + 2) !== 10)
    throw new Error('this is no call of sp_executesql');
  place += 6;
  const values: [string, Parameter][] = [];
  while (place < data.length) {
    const nameEnd = place + 1 + (data[place] ?? 0) * 2;
    const name = data.toString('utf16le', place + 1, nameEnd);
    place = nameEnd + 1;
    const type = data[place];
    if (type !== 0xe7 && type !== 0xa5) throw new Error(`a parameter of the type ${type} is not expected`);
    const isMax = data.readUInt16LE(place + 1) === 0xffff;
    place += type === 0xe7 ? 8 : 3;
    const read = isMax ? readChunks(data, place) : readShort(data, place);
    place = read.place;
    values.push([
      name,
      read.bytes === null ? null : type === 0xe7 ? read.bytes.toString('utf16le') : read.bytes,
    ]);
  }
  const [[, text] = ['', null], , ...parameters] = values;
  if (typeof text !== 'string') throw new Error('a statement without a text');
  return { text, parameters: new Map(parameters) };
}

function readShort(data: Buffer, place: number): { bytes: Buffer | null; place: number } {
  const length = data.readUInt16LE(place);
  if (length === 0xffff) return { bytes: null, place: place + 2 };
  return { bytes: data.subarray(place + 2, place + 2 + length), place: place + 2 + length };
}

function readChunks(data: Buffer, from: number): { bytes: Buffer | null; place: number } {
  let place = from + 8;
  if (data.readBigUInt64LE(from) === 0xffffffffffffffffn) return { bytes: null, place };
  const parts: Buffer[] = [];
  for (;;) {
    const length = data.readUInt32LE(place);
    place += 4;
    if (length === 0) return { bytes: Buffer.concat(parts), place };
    parts.push(data.subarray(place, place + length));
    place += length;
  }
}

// What goes

export function preloginAnswer(encryption: number): Buffer {
  const version = Buffer.from([0, 0, 11, 0, 6]);
  const encrypts = Buffer.from([1, 0, 17, 0, 1]);
  return Buffer.concat([version, encrypts, Buffer.from([0xff, 16, 0, 16, 0, 0, 0, encryption])]);
}

const u16 = (value: number) => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
};
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
};
const shortText = (text: string) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'utf16le')]);
const longText = (text: string) => Buffer.concat([u16(text.length), Buffer.from(text, 'utf16le')]);
const sized = (token: number, body: Buffer) => Buffer.concat([Buffer.from([token]), u16(body.length), body]);

/** Latin1_General_CI_AS: code page 1252. */
const collation = Buffer.from([0x09, 0x04, 0xd0, 0x00, 0x34]);

export function loginAnswer(database: string): Buffer {
  const packetSize = Buffer.concat([Buffer.from([4]), shortText('4096'), shortText('4096')]);
  const name = Buffer.concat([Buffer.from([1]), shortText(database), shortText('master')]);
  const sorting = Buffer.concat([Buffer.from([7, 5]), collation, Buffer.from([0])]);
  const ack = Buffer.concat([
    Buffer.from([1, 0x74, 0, 0, 4]),
    shortText('Microsoft SQL Server'),
    Buffer.from([16, 0, 0x10, 0]),
  ]);
  return Buffer.concat([
    sized(0xe3, name),
    sized(0xe3, sorting),
    sized(0xad, ack),
    sized(0xe3, packetSize),
    done(0xfd, 0),
  ]);
}

export function errorToken({
  number,
  message,
}: {
  readonly number: number;
  readonly message: string;
}): Buffer {
  const level = Buffer.from([1, number === 18456 ? 14 : 16]);
  return sized(
    0xaa,
    Buffer.concat([u32(number), level, longText(message), shortText('FAKE'), shortText(''), u32(1)]),
  );
}

/** `token`: FD of a batch, FE of a procedure, FF within one. `status`: 1 more follows, 2 error, 32 attention. */
export const done = (token: number, status: number, rows = 0): Buffer => {
  const count = Buffer.alloc(8);
  count.writeBigUInt64LE(BigInt(rows));
  return Buffer.concat([Buffer.from([token]), u16(status), u16(0xc1), count]);
};

export type WireType =
  | 'bigint'
  | 'int'
  | 'float'
  | 'bit'
  | 'uniqueidentifier'
  | 'nvarchar'
  | 'nvarchar(max)'
  | 'varchar'
  | 'varbinary';
export type WireValue = string | number | bigint | boolean | Buffer | null;

export interface ResultSet {
  readonly types: readonly WireType[];
  readonly rows: readonly (readonly WireValue[])[];
}

/** A result set and the end of the procedure that it came from. */
export function resultAnswer({ types, rows }: ResultSet): Buffer {
  const columns = types.map((type) =>
    // User type, flags (nullable), type, no name.
    Buffer.concat([u32(0), u16(1), typeInfo(type), Buffer.from([0])]),
  );
  return Buffer.concat([
    Buffer.from([0x81]),
    u16(types.length),
    ...columns,
    ...rows.map((row) =>
      Buffer.concat([Buffer.from([0xd1]), ...row.map((value, place) => encode(types[place], value))]),
    ),
    done(0xff, 0x11, rows.length),
    procedureEnd(0),
  ]);
}

export const procedureEnd = (status: number): Buffer =>
  Buffer.concat([Buffer.from([0x79]), u32(0), done(0xfe, status)]);

function typeInfo(type: WireType): Buffer {
  switch (type) {
    case 'bigint':
      return Buffer.from([0x26, 8]);
    case 'int':
      return Buffer.from([0x26, 4]);
    case 'float':
      return Buffer.from([0x6d, 8]);
    case 'bit':
      return Buffer.from([0x68, 1]);
    case 'uniqueidentifier':
      return Buffer.from([0x24, 16]);
    case 'nvarchar':
      return Buffer.concat([Buffer.from([0xe7]), u16(8000), collation]);
    case 'nvarchar(max)':
      return Buffer.concat([Buffer.from([0xe7]), u16(0xffff), collation]);
    case 'varchar':
      return Buffer.concat([Buffer.from([0xa7]), u16(8000), collation]);
    case 'varbinary':
      return Buffer.concat([Buffer.from([0xa5]), u16(0xffff)]);
  }
}

function encode(type: WireType | undefined, value: WireValue): Buffer {
  switch (type) {
    case undefined:
      throw new Error('a value without a column');
    case 'nvarchar':
      return value === null ? u16(0xffff) : withLength(Buffer.from(String(value), 'utf16le'));
    case 'varchar':
      return value === null ? u16(0xffff) : withLength(Buffer.from(String(value), 'latin1'));
    case 'nvarchar(max)':
      return chunks(value === null ? null : Buffer.from(String(value), 'utf16le'));
    case 'varbinary':
      return chunks(Buffer.isBuffer(value) ? value : null);
    case 'bigint':
    case 'int':
    case 'float':
    case 'bit':
    case 'uniqueidentifier':
      return value === null ? Buffer.from([0]) : fixed(type, value);
  }
}

const withLength = (bytes: Buffer) => Buffer.concat([u16(bytes.length), bytes]);

function chunks(bytes: Buffer | null): Buffer {
  if (bytes === null) return Buffer.alloc(8, 0xff);
  const total = Buffer.alloc(8);
  total.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([total, ...(bytes.length === 0 ? [] : [u32(bytes.length), bytes]), u32(0)]);
}

function fixed(
  type: 'bigint' | 'int' | 'float' | 'bit' | 'uniqueidentifier',
  value: Exclude<WireValue, null>,
): Buffer {
  switch (type) {
    case 'bigint': {
      const bytes = Buffer.alloc(9, 8);
      bytes.writeBigInt64LE(BigInt(String(value)), 1);
      return bytes;
    }
    case 'int':
      return Buffer.concat([Buffer.from([4]), u32(Number(value))]);
    case 'float': {
      const bytes = Buffer.alloc(9, 8);
      bytes.writeDoubleLE(Number(value), 1);
      return bytes;
    }
    case 'bit':
      return Buffer.from([1, value === true ? 1 : 0]);
    case 'uniqueidentifier': {
      const hex = String(value).replaceAll('-', '');
      const bytes = Buffer.from(hex, 'hex');
      const little = [bytes.subarray(0, 4), bytes.subarray(4, 6), bytes.subarray(6, 8)].map((part) =>
        Buffer.from(part).reverse(),
      );
      return Buffer.concat([Buffer.from([16]), ...little, bytes.subarray(8)]);
    }
  }
}
