import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Manifest {
  files: Record<string, { source: { path: string }; destinations: Record<string, { objectKey: string }> }>;
}
interface Template {
  Resources: Record<
    string,
    { Properties?: { Code?: { S3Key?: string }; Environment?: { Variables?: Record<string, unknown> } } }
  >;
}

/**
 * The assembly with other code for one model's prediction function, as if somebody had changed the handler and synthesized:
 * `wrapper` is a CommonJS module that finds the real one as `./real.js`.
 */
export async function withPredictCode(assembly: string, model: string, wrapper: string): Promise<string> {
  const copy = join(await mkdtemp(join(tmpdir(), 'sluice-variant-')), 'cdk.out');
  await cp(assembly, copy, { recursive: true });
  const folder = join(copy, 'assembly-test');
  const files = await readdir(folder);
  const name = files.find((file) => file.startsWith(`test${model}`) && file.endsWith('.template.json')) ?? '';
  const [templateFile, manifestFile] = [join(folder, name), join(folder, name.replace('.template.', '.assets.'))];
  const template = JSON.parse(await readFile(templateFile, 'utf8')) as Template;
  const manifest = JSON.parse(await readFile(manifestFile, 'utf8')) as Manifest;
  const code = Object.values(template.Resources).find(
    ({ Properties }) => Properties?.Environment?.Variables?.POWERTOOLS_SERVICE_NAME === 'predict',
  )?.Properties?.Code;
  const known = manifest.files[code?.S3Key?.replace('.zip', '') ?? ''];
  if (!code || !known) throw new Error(`There is no prediction function of ${model} in ${templateFile}`);

  const hash = createHash('sha256').update(known.source.path).update(wrapper).digest('hex');
  const asset = join(copy, `asset.${hash}`);
  await mkdir(asset);
  await cp(join(folder, known.source.path, 'index.js'), join(asset, 'real.js'));
  await writeFile(join(asset, 'index.js'), wrapper);
  code.S3Key = `${hash}.zip`;
  manifest.files[hash] = {
    source: { ...known.source, path: `../asset.${hash}` },
    destinations: Object.fromEntries(
      Object.entries(known.destinations).map(([id, to]) => [id, { ...to, objectKey: `${hash}.zip` }]),
    ),
  };
  await writeFile(templateFile, JSON.stringify(template));
  await writeFile(manifestFile, JSON.stringify(manifest));
  return copy;
}
