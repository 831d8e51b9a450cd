import { randomBytes } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';
import { watchArrival } from '../../shared/archive/archive-arrival';
import { handmadeZip, UTF8_FLAG } from '../../client/conformance/handmade-zip';
import { extraField } from './extra-field';
import { arrivalOf } from './unpacking';

const photo = randomBytes(200_000);
const HEADER_BYTES = 30;
/** The position of the data of an entry with that name at the archive's beginning. */
const firstData = (name: string): number => HEADER_BYTES + name.length;

const stored = { name: 'a.jpg', method: 0, content: photo };

test('the CRC of a stored entry is known when its last byte has arrived, in pieces of any size', () => {
  const archive = handmadeZip([stored]);
  for (const pieceBytes of [1, 7, 64 * 1024, archive.length]) {
    const arrival = watchArrival();
    const dataEnd = firstData('a.jpg') + photo.length;
    for (let at = 0; at < dataEnd - 1; at += pieceBytes)
      arrival.see(archive.subarray(at, Math.min(at + pieceBytes, dataEnd - 1)));
    expect(arrival.crc32Of(firstData('a.jpg'), photo.length)).toBeNull();
    arrival.see(archive.subarray(dataEnd - 1));
    expect(arrival.crc32Of(firstData('a.jpg'), photo.length)).toBe(crc32(photo));
  }
});

test('entries of all kinds before it are passed over', () => {
  const before = [
    { name: 'photos/', content: '', method: 0, mode: 0o40755 },
    { name: 'a.csv', content: 'Id,Temp\n'.repeat(50_000) },
    { name: 'small.txt', content: 'x', method: 0, extra: extraField(0x5455, Buffer.alloc(5)) },
  ];
  const archive = handmadeZip([...before, stored]);
  const start = archive.indexOf(photo);
  expect(arrivalOf(archive).crc32Of(start, photo.length)).toBe(crc32(photo));
});

test('it is nothing but that data: of another place, length or kind nothing is known', () => {
  const small = randomBytes(1_000);
  const archive = handmadeZip([
    stored,
    { name: 'b', content: photo },
    { name: 'c', content: small, method: 0 },
  ]);
  const arrival = arrivalOf(archive);
  expect(arrival.crc32Of(firstData('a.jpg'), photo.length - 1)).toBeNull();
  expect(arrival.crc32Of(firstData('a.jpg') + 1, photo.length)).toBeNull();
  const deflated = deflateRawSync(photo);
  expect(arrival.crc32Of(archive.indexOf(deflated), deflated.length)).toBeNull();
  expect(arrival.crc32Of(archive.indexOf(small), small.length)).toBeNull();
});

test.each([
  [
    'sizes that follow the data',
    handmadeZip([
      { name: 'x', flags: UTF8_FLAG | 8, local: { crc: 0, packedBytes: 0, unpackedBytes: 0 } },
      stored,
    ]),
  ],
  ['zip64 sizes', handmadeZip([{ name: 'x', local: { packedBytes: 0xffffffff } }, stored])],
  ['bytes that are no header', Buffer.concat([Buffer.from('#!/bin/sh\n'), handmadeZip([stored])])],
])('after %s it says nothing, and fails at nothing', (_, archive) => {
  const start = archive.indexOf(photo);
  expect(arrivalOf(archive).crc32Of(start, photo.length)).toBeNull();
});

test('no bytes make it fail', () => {
  for (let round = 0; round < 200; round += 1) arrivalOf(randomBytes(round * 7));
  arrivalOf(Buffer.from('PK\x03\x04'.repeat(1_000)));
});
