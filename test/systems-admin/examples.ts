// The three files of the manual. They must go on being accepted, word for word.

export const recordsExample = `
systems:
  espo:     { kind: espocrm,  url: https://crm.example, auth: { apiKey: "\${ESPO_KEY}" }, limits: { atOnce: 8, perSecond: 10 } }
  advoware: { kind: advoware, url: https://advoware.example, auth: { appId: "\${ADVO_APP}", apiKey: "\${ADVO_KEY}", kanzlei: "\${ADVO_KANZLEI}", database: "\${ADVO_DB}", user: "\${ADVO_USER}", password: "\${ADVO_PASSWORD}" }, limits: { atOnce: 2, perSecond: 2 } }
pairs:
  beteiligte:
    here:  { system: espo, entity: CBeteiligte, syncKeyField: syncKey, optimistic: true }
    there: { system: advoware, entity: Beteiligte }
    find:  { webhooks: [here], check: "*/15 * * * *", whole: "20 3 * * *", jitterSeconds: 120, overlapMinutes: 10 }
    match: { by: [name, vorname, geburtsdatum], initial: here }
    fields:
      - { here: lastName,    there: name,         group: stammdaten }
      - { here: firstName,   there: vorname,      group: stammdaten, transform: [trim] }
      - { here: dateOfBirth, there: geburtsdatum, group: stammdaten, transform: [{ date: { here: YYYY-MM-DD, there: "YYYY-MM-DDT00:00:00" } }], nulls: { here: omit } }
      - { here: salutationName, there: anrede,    group: stammdaten, transform: [{ map: { Mr.: Herr, Ms.: Frau }, others: refuse }], nulls: { here: omit } }
      - { here: phoneNumber, there: tel,          group: kontakt }
      - { here: description, there: bemerkung,    group: notiz }
      - { here: handelsregisterNummer, there: handelsRegisterNummer, flows: to-here, group: stammdaten }
    groups:
      stammdaten: { conflict: here }
      kontakt:    { conflict: there }
      notiz:      { conflict: { merge: append-lines } }
    deletions: { here: ask, there: mark, againstChange: restore }
    writeBack: { here: { betnr: $there.key, advowareRowId: $there.revision, syncStatus: $status, advowareLastSync: $now, syncRetryCount: $attempts, syncErrorMessage: $error } }
    limits:
      deletions: { count: 10, share: 0.05, emptiedFrom: 5, hours: 24, above: approval }
      changes:   { count: 500, above: approval }
    retry:  { attempts: 5, firstMinutes: 1, resetHours: 24 }
    notify: [conflict, given-up, paused, approval]
`;

export const tablesExample = `
systems:
  fs:  { kind: sql-server, host: "\${FS_HOST}", database: dadi, auth: { user: "\${FS_USER}", password: "\${FS_PASSWORD}" }, changes: tracking, limits: { atOnce: 4 } }
  fso: { kind: odoo, url: https://fso.example, database: "\${FSO_DB}", api: json-2, auth: { apiKey: "\${FSO_KEY}" }, limits: { atOnce: 4, perSecond: 20 } }
pairs:
  person:
    here:  { system: fs,  table: dbo.Person, key: PersonID, revision: rv, syncKey: sync_key }
    there: { system: fso, model: res.partner, domain: [[is_company, "=", false]], includeArchived: true }
    find:  { jobs: sosync, check: "*/5 * * * *", whole: "40 2 * * *", overlapMinutes: 15 }
    match: { by: [email, lastname], initial: manual }
    fields:
      - { here: Vorname, there: firstname }
      - { here: Name,    there: lastname }
      - { here: EMail,   there: email, transform: [trim, lower] }
      - { here: Geburtsdatum, there: birthdate_web, transform: [{ date: { here: datetime, there: YYYY-MM-DD } }] }
      - { here: LandID,  there: country_id, transform: [{ lookup: laender }] }
      - { here: GruppeID, there: group_id, link: gruppe }
    groups: { default: { conflict: manual } }
    deletions: { here: propagate, there: propagate, againstChange: restore }
sosync: { instance: dadi, systems: { fs: fs, fso: fso }, models: { dbo.Person: person, res.partner: person }, protocol: { system: fso, model: sosync.job } }
`;

export const documentsExample = `
systems:
  dav:  { kind: webdav, url: https://dav.example/files/kanzlei/, auth: { user: "\${DAV_USER}", password: "\${DAV_PASSWORD}" }, limits: { atOnce: 4 } }
  disk: { kind: file-tree, folder: /srv/akten }
  sp:   { kind: sharepoint, site: "contoso.sharepoint.com:/sites/akten", library: Dokumente, auth: { tenant: "\${MS_TENANT}", clientId: "\${MS_CLIENT}", clientSecret: "\${MS_SECRET}" } }
  elo:  { kind: elo, url: https://elo.example/ix-Archiv, auth: { user: "\${ELO_USER}", password: "\${ELO_PASSWORD}" } }
pairs:
  akten:
    here:  { system: disk, root: "" }
    there: { system: dav,  root: Akten }
    find:  { whole: "*/10 * * * *", jitterSeconds: 60 }
    leaveOut: [ "**/.git/**", "**/~$*", "*.tmp" ]
    content: { compare: hash }
    names:  { clash: suffix, bad: fit }
    conflict: { content: keep-both, place: here }
    deletions: { here: propagate, there: propagate, againstChange: restore }
    limits:
      entries:   { count: 5000, above: approval }
      file:      { bytes: 200000000, above: approval }
      deletions: { count: 100, share: 0.2, emptiedFrom: 10, hours: 24, above: approval }
`;

export const kitchensExample = `
systems:
  kitchens: { kind: kitchen-files }
  share: { kind: webdav, url: "https://share.example/haccp/", auth: { user: "\${SHARE_USER}", password: "\${SHARE_PASSWORD}" } }
pairs:
  haccp:
    here: { system: kitchens, exports: ended-months, csv: excel }
    there: { system: share, root: Archive }
    direction: there
    find: { check: "*/15 * * * *", whole: "20 3 * * *" }
    deletions: { here: mark, there: restore }
`;
