import { describeDocumentSystem } from './document-contract';
import { graphFakes } from './sharepoint';

const fakes = graphFakes();
afterEach(() => fakes.close());

describeDocumentSystem('SharePoint, a whole library', () => fakes.stage(''));

describeDocumentSystem('SharePoint, a folder of a library', () => fakes.stage('Kanzlei/Akten 100% (neu)'));

describeDocumentSystem('SharePoint without hashes', () => fakes.stage('Akten', { hasHashes: false }));
