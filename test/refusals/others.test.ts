import { afterAll, beforeAll } from 'vitest';
import { clusterRefusals, namedRefusals, nonsense } from './other-cases.ts';
import { testRefusals } from './refusal-tests.ts';
import { openScene, type Scene } from './scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene({ tenants: ['t'], nobodies: ['bob@t'] });
});
afterAll(() => scene?.stop());

testRefusals('statements that are refused by name', namedRefusals, () => scene);
testRefusals('statements of the cluster', clusterRefusals, () => scene);
testRefusals('what is no statement', nonsense, () => scene);
