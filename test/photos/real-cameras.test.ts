import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { programOf, type RealServer, startRealServer } from '../client/real-server';
import { copyWith, textIn } from '../client/copies';
import { realData } from '../setup/real-data';
import { signInStaff } from './staff';

let real: RealServer;
beforeAll(async () => {
  real = await startRealServer();
});
afterAll(() => real.stop());

const folder = realData('photos');
(folder === null ? test.skip : test)(
  'photos of real cameras arrive through the reference client: kept as they are, indexed upright, shown as thumbnails',
  async () => {
    const from = folder ?? '';
    const names = readdirSync(from).filter((name) => name.endsWith('.jpg'));
    const broken = readdirSync(path.join(from, 'invalid'));
    const copy = await copyWith({
      'csv/Photos.csv':
        'Name;TakenAt;Table;LogId\nportrait_6.jpg;20/11/2026 07:31;Tbtracking;3\nNikon_D70.jpg;;Tbtracking;4\n',
    });
    mkdirSync(path.join(copy.dir, 'photos'));
    for (const name of names) copyFileSync(path.join(from, name), path.join(copy.dir, 'photos', name));
    for (const name of broken)
      copyFileSync(path.join(from, 'invalid', name), path.join(copy.dir, 'photos', name));
    writeFileSync(
      path.join(copy.dir, 'photos', 'cut.jpg'),
      readFileSync(path.join(from, 'DSCN0010.jpg')).subarray(0, 90_000),
    );
    const enrolled = await real.enrol();
    const { report } = await programOf(real, enrolled, copy).sync('photos');
    expect(report).toMatchObject({
      photos: { inserted: names.length + broken.length, duplicates: 0, rejected: 1 },
      rejections: [{ file: 'photos/cut.jpg', code: 'bad-photo' }],
    });
    const index = textIn(copy.dir, 'photos/index.csv');
    expect(index).toMatch(/^portrait_6\.jpg,[0-9a-f]{64},136257,450,600,2026-11-20T06:31:00\.000Z$/m);
    expect(index).toMatch(/^landscape_8\.jpg,[0-9a-f]{64},141286,600,450,$/m);
    // By its camera, which knows no offset; the kitchen is in Paris.
    expect(index).toMatch(/^DSCN0010\.jpg,.*,640,480,2008-10-22T14:28:39\.000Z$/m);

    const staff = await signInStaff(real.server);
    const listed = await staff.send('GET', `/api/solutions/${enrolled.id}/photos?table=Tbtracking&log=4`);
    expect(listed.json['items']).toMatchObject([
      { name: 'Nikon_D70.jpg', logs: [{ table: 'Tbtracking', id: '4', isStored: false }] },
    ]);
    for (const name of [...names, ...broken]) {
      const whole = await staff.send('GET', `/api/solutions/${enrolled.id}/photos/${name}`);
      expect(whole.body.equals(readFileSync(path.join(copy.dir, 'photos', name)))).toBe(true);
      const small = await staff.send('GET', `/api/solutions/${enrolled.id}/photos/${name}?thumbnail`);
      expect([small.status, small.body.equals(whole.body)]).toEqual([200, false]);
    }
  },
);
