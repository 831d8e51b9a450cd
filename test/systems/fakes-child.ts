import { z } from 'zod';
import { startAdvowareFake } from './fakes/advoware-fake';
import { prepareBeteiligte, startEspocrmFake } from './fakes/espocrm-fake';

// An EspoCRM and an Advoware in a process of their own, so that a benchmark does not count their processor time. It
// says where they listen, and does what its parent asks: `add` and `edit` return the ids of what they touched.

async function main(): Promise<void> {
  const espo = await startEspocrmFake();
  const advoware = await startAdvowareFake();
  await prepareBeteiligte(espo);
  let people = 0;
  process.on('message', (asked) => {
    const { add, edit } = task.parse(asked);
    const added = Array.from({ length: add }, () => espo.add('CBeteiligte', personNumber(people++)).id);
    for (const id of edit) espo.edit('CBeteiligte', id, { firstName: `Zoe ${people++}` });
    process.send?.([...added, ...edit]);
  });
  process.once('disconnect', () => {
    void Promise.all([espo.close(), advoware.close()]);
  });
  process.send?.({
    espo: espo.url,
    advoware: advoware.url,
    environment: {
      ESPO_KEY: espo.apiKey,
      ADVO_KEY: advoware.auth.apiKey,
      ADVO_PASSWORD: advoware.auth.password,
    },
  });
}

const task = z.object({ add: z.number().default(0), edit: z.array(z.string()).default([]) });

const personNumber = (number: number) => ({
  lastName: `Meier ${number}`,
  firstName: 'Zoë',
  dateOfBirth: '1975-06-07',
  salutationName: 'Ms.',
  phoneNumber: '+49 511 4711',
});

void main();
