// Prints the list of every package that is shipped, with version and licence (CycloneDX): `npm run --silent sbom`.
// npm makes the list. Its own `--omit dev` leaves out each package that a tool of development needs as well, and with it
// much of what runs in production; so npm lists everything, and what only development needs is taken out here.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const shippedPlaces = Object.entries(packages).filter(
  ([place, { dev, devOptional }]) => place !== '' && !dev && !devOptional,
);
const shipped = new Set(shippedPlaces.map(([place, { version }]) => `${nameAt(place)}@${version}`));

const written = execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'], {
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
});
const list = JSON.parse(written);
const components = list.components
  .filter((component) => shipped.has(component['bom-ref']))
  .map((component) => ({ ...component, licenses: component.licenses ?? olderLicences(component) }));
const root = list.metadata.component['bom-ref'];
const dependencies = list.dependencies
  .filter(({ ref }) => shipped.has(ref) || ref === root)
  .map(({ dependsOn = [], ...one }) => ({ ...one, dependsOn: dependsOn.filter((ref) => shipped.has(ref)) }));

process.stdout.write(`${JSON.stringify({ ...list, components, dependencies }, null, 2)}\n`);

/** `node_modules/a/node_modules/@b/c` is the place of `@b/c`. */
function nameAt(place) {
  return place.split('node_modules/').at(-1);
}

/** Packages of long ago name their licences in a way that npm does not read. */
function olderLicences({ 'bom-ref': ref }) {
  const [place] = shippedPlaces.find(([at, { version }]) => `${nameAt(at)}@${version}` === ref);
  const { licenses = [] } = JSON.parse(readFileSync(`${place}/package.json`, 'utf8'));
  return licenses.map(({ type }) => ({ license: { id: type } }));
}
