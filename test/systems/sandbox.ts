import { prepareBeteiligte, startEspocrmFake } from './fakes/espocrm-fake';
import { startAdvowareFake } from './fakes/advoware-fake';

// `npm run sandbox`: an EspoCRM and an Advoware to try pairs with, on this machine alone. See docs/sandbox.md.

const ports = { espo: 8470, advoware: 8471 };
const cronSeconds = 5;

async function main(): Promise<void> {
  const espo = await startEspocrmFake({ port: ports.espo });
  const advoware = await startAdvowareFake(ports.advoware);
  await prepareBeteiligte(espo);
  for (const [lastName, firstName, dateOfBirth] of people)
    espo.add('CBeteiligte', { lastName, firstName, dateOfBirth, salutationName: 'Ms.' });
  advoware.add({ name: 'Huber', vorname: 'Anna', geburtsdatum: '1980-02-03T00:00:00', anrede: 'Frau' });
  advoware.add({ name: 'Yilmaz', vorname: 'Deniz', geburtsdatum: '1992-11-30T00:00:00', anrede: 'Herr' });
  say(`EspoCRM  ${espo.url}/api/v1/CBeteiligte   (X-Api-Key: ${espo.apiKey})`);
  say(`Advoware ${advoware.url}/api/v1/advonet/Beteiligte`);
  say('Their records are in memory: they are gone when this ends. End it with Ctrl-C.');

  const cron = setInterval(() => {
    espo.runCron().then(
      (statuses) => statuses.forEach((status) => say(`EspoCRM called a webhook: ${status}`)),
      (error: unknown) => say(`EspoCRM could not call a webhook: ${String(error)}`),
    );
  }, cronSeconds * 1000);
  const shown = new Map<number, string>();
  const watch = setInterval(() => {
    for (const [betNr, { name, vorname, rowId }] of advoware.rows) {
      if (shown.get(betNr) !== undefined && shown.get(betNr) !== rowId)
        say(`Advoware ${betNr} is now ${String(name)}, ${String(vorname)}`);
      if (shown.get(betNr) === undefined) say(`Advoware has ${betNr}: ${String(name)}, ${String(vorname)}`);
      shown.set(betNr, String(rowId));
    }
  }, 500);

  process.once('SIGINT', () => {
    clearInterval(cron);
    clearInterval(watch);
    void Promise.all([espo.close(), advoware.close()]);
  });
}

const people = [
  ['Huber', 'Anna', '1980-02-03'],
  ['Meier', 'Zoë', '1975-06-07'],
  ['Okafor', 'Chidi', '1988-09-10'],
] as const;

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

void main();
