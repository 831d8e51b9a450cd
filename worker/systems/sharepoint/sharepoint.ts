import { folderEnd } from '../../../shared/systems/settings-parts';
import { sharepointSettings } from '../../../shared/systems/sharepoint';
import type { Capabilities } from '../../pipeline/system';
import type { Limiter, RemoteSystem, SystemConnector } from '../remote-system';
import type { TokenSource } from '../token-source';
import { callsWithout } from '../unbound-calls';
import { createDocuments } from './documents';
import { createGraphApi, type TokensOf } from './graph-api';
import { createLibrary } from './library';
import { sharepointNames } from './names';
import { probeLibrary } from './probe';
import { type UploadSettings, usualUploads } from './uploads';

/**
 * A document library of SharePoint or OneDrive for Business, by Microsoft Graph. The ids of its items stay the same, it
 * lists changes by a cursor, and it compares versions before a write.
 */
export function createSharepointConnector(uploads: UploadSettings = usualUploads): SystemConnector {
  /** By the limiter, which all openings of an installed system share. */
  const tokens = new WeakMap<Limiter, TokenSource>();
  return {
    open: async (opening, outside) => {
      const settings = sharepointSettings.parse(opening.config);
      const end = folderEnd.parse(opening.end ?? {});
      const tokensOf: TokensOf = (make) => {
        const known = tokens.get(outside.limiter) ?? make();
        tokens.set(outside.limiter, known);
        return known;
      };
      const api = createGraphApi(settings, outside, opening.secrets, tokensOf);
      const library = createLibrary(api, settings, end);
      const probe: RemoteSystem['probe'] = (signal) => probeLibrary(api, library, signal);
      const close = () => Promise.resolve();
      if (opening.end === null) return { capabilities, ...callsWithout('a folder'), probe, close };
      return { capabilities, ...createDocuments({ api, library, uploads }), probe, close };
    },
    registerWebhooks: null,
  };
}

const capabilities: Capabilities = {
  changes: 'delta',
  deletions: 'tops',
  writes: 'conditional',
  // A library stores no key of ours. No two items of a folder have the same name, so an item whose creation got no
  // response is found by its place.
  creates: 'plain',
  answers: 'stored',
  tree: sharepointNames,
  // "The maximum file size is 250 GB."
  content: { maxBytes: 250 * 1024 ** 3 },
  deferred: false,
  batch: 20,
};
