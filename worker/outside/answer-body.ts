import { bytesOf } from '../../shared/formats/bytes-of';
import { Trouble } from '../pipeline/trouble';

/** The text of an answer. Throws `unavailable` where it is longer than so many bytes; what is left is not read. */
export async function readBody(response: Response, maxBytes: number): Promise<string> {
  if (response.body === null) return '';
  const tooLong = () => new Trouble('unavailable', `the answer is longer than ${maxBytes} bytes`);
  return (await bytesOf(response.body, { maxBytes, tooLong })).toString('utf8');
}
