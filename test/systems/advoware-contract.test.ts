import { advowareFakes } from './advoware';
import { describeSystem } from './contract';

const fakes = advowareFakes();
afterEach(() => fakes.close());

describeSystem('Advoware', () => fakes.stage());

describeSystem('an Advoware that answers creations with a list', () =>
  fakes.stage((fake) => {
    fake.postAnswer = 'list';
  }),
);

describeSystem('an Advoware that says as little as it can', () =>
  fakes.stage((fake) => {
    fake.postAnswer = 'bare';
    fake.answersPut = false;
  }),
);
