import type { ArtifactFile } from './artifact-files.ts';
import type { MlModel } from './mlmodel.ts';
import { Refusal, shown, type WayOut } from './refusal.ts';

/**
 * The ONNX file of an artifact: the one that flavour `onnx` names, else `model.onnx`, else the only one at
 * the top. Throws {@link Refusal} with the flavour that it has instead, and what can be done about that.
 */
export function onnxFileOf(files: readonly ArtifactFile[], mlModel: MlModel): ArtifactFile {
  const named = files.find(({ path }) => path === mlModel.onnxData);
  if (named) return named;
  const atTop = files.filter(({ path }) => path.endsWith('.onnx') && !path.includes('/'));
  const found =
    atTop.find(({ path }) => path === 'model.onnx') ?? (atTop.length === 1 ? atTop[0] : undefined);
  if (found) return found;
  if (atTop.length > 1) throw new Refusal('it has several ONNX files, and none is called model.onnx.');
  if (mlModel.unreadable !== undefined)
    throw new Refusal(
      `its MLmodel file tells nothing: ${mlModel.unreadable}; and there is no ONNX file beside it.`,
    );
  throw refusalOf(mlModel.flavours);
}

/** How people call the flavours that the platform converts. */
const convertible: Readonly<Record<string, string>> = {
  sklearn: 'scikit-learn',
  xgboost: 'XGBoost',
  lightgbm: 'LightGBM',
};

/** How to make ONNX of a flavour where it was trained. */
const exporters: Readonly<Record<string, string>> = {
  catboost: "Save it with save_model(…, format='onnx')",
  pytorch: 'Export it with torch.onnx.export',
  keras: 'Export it with model.export(…, format="onnx") or tf2onnx',
  tensorflow: 'Export it with tf2onnx',
  spark: 'Export it with onnxmltools.convert_sparkml',
  transformers: 'Export it with optimum',
};

function refusalOf(flavours: readonly string[]): Refusal {
  // What can run any of them is no flavour of its own, unless it is all there is.
  const [first] = [...flavours.filter((name) => name !== 'python_function'), ...flavours];
  if (first === undefined)
    return new Refusal('it has no ONNX file, and no MLmodel file that says what it is.', {
      says: 'Log the model with mlflow.onnx, or upload a model.onnx and have the version inspected again.',
    });
  const known = flavours.find((name) => convertible[name] !== undefined);
  if (known !== undefined)
    return new Refusal(
      `its flavour is ${known} (${convertible[known]}), which runs in Python; ONNX is what is served here.`,
      {
        says: `Convert it to ONNX: POST …/versions/{version}/convert does that for ${convertible[known]}, and compares the two.`,
        by: 'convert',
      },
    );
  return new Refusal(
    `its flavour is ${shown(first)}, which runs in Python; ONNX is what is served here.`,
    wayOutOf(first),
  );
}

function wayOutOf(flavour: string): WayOut {
  const how = exporters[flavour] ?? 'Export it to ONNX where it was trained, if its library can';
  return { says: `${how}, log that with mlflow.onnx and register it as the next version.` };
}
