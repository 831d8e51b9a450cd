import { type Bench, fridgeRows, loginFields, type SuiteSolution } from '../bench';
import type { Check } from '../check';
import { member, need, needEqual, needProblem, needStatus, NotSeen } from '../expectations';
import { smallPhoto } from '../small-photo';
import { create, patch } from './resumable';

const section = 'Conventions';
const needs = 'second-solution';
const sentence = 'The token names the solution: a call never sees data of another solution.';

/** Two solutions never see each other's data. */
export const strangerChecks: readonly Check[] = [
  {
    id: 'stranger-status',
    ...{ section, sentence, needs },
    title: { en: 'The status of another solution', fr: 'Le statut d’une autre solution' },
    run: async (bench) => {
      const theirs = await bench.idle('synchro', secondOf(bench));
      const { sync } = await (await bench.idle('synchro')).sync({});
      needEqual('the status of the other', await theirs.statut(), '0');
      needProblem(await theirs.call('datas'), 403, 'wrong-status');
      needProblem(await theirs.confirm({ sync }), 403, 'wrong-status');
      need(member((await theirs.call('sync')).json, 'sync') !== sync, 'a sync of its own', sync);
    },
  },
  {
    id: 'stranger-rows',
    ...{ section, sentence, needs },
    title: { en: 'The readings of another solution', fr: 'Les relevés d’une autre solution' },
    run: async (bench) => {
      const theirs = await bench.idle('synchro', secondOf(bench));
      const before = await theirs.highestId('Tbfridge');
      const ours = await bench.idle('synchro');
      const ids = [await ours.highestId('Tbfridge'), before].map((id) => id + 1n);
      const highest = ids.reduce((one, other) => (one > other ? one : other));
      await ours.sync({ 'csv/Tbfridge.csv': fridgeRows([highest]) });
      needEqual('the highest id of the other', String(await theirs.highestId('Tbfridge')), String(before));
    },
  },
  {
    id: 'stranger-photo',
    ...{ section, sentence, needs },
    title: { en: 'A photo of another solution', fr: 'Une photo d’une autre solution' },
    run: async (bench) => {
      const ours = await bench.idle('photos');
      const name = `private-${bench.freshId()}.jpg`;
      await ours.sync({ [`photos/${name}`]: smallPhoto(bench.freshId()) });
      needStatus(await ours.call(`files/${name}`), 200);
      const theirs = await bench.on('photos', secondOf(bench));
      needProblem(await theirs.call(`files/${name}`), 404, 'unknown-photo');
    },
  },
  {
    id: 'stranger-upload',
    section: 'Resumable uploads: /v4/{channel}/uploads',
    sentence: 'An upload of another solution or of another channel is 404 `unknown-upload` too.',
    needs,
    title: { en: 'An upload of another solution', fr: 'Un envoi d’une autre solution' },
    run: async (bench) => {
      const path = await create(await bench.idle('synchro'), 100);
      const theirs = await bench.idle('synchro', secondOf(bench));
      needProblem(await patch(theirs, path, 0, Buffer.from('abc')), 404, 'unknown-upload');
    },
  },
  {
    id: 'stranger-secret',
    section: 'POST /v4/{channel}/login',
    sentence: 'An unknown mail and a wrong secret both get 400 `bad-credentials`',
    needs,
    title: { en: 'The secret of another solution', fr: 'Le secret d’une autre solution' },
    run: async (bench) => {
      const { secret } = secondOf(bench);
      const reply = await bench.login({ ...loginFields(bench.solution), secret });
      if (reply.status === 429) throw new NotSeen('The address is still limited from an earlier run.');
      needProblem(reply, 400, 'bad-credentials');
    },
  },
];

function secondOf({ second }: Bench): SuiteSolution {
  if (second === null) throw new NotSeen('It needs a second solution.');
  return second;
}
