import { expect, test } from 'vitest';
import { deliveryHeaders } from './signature.ts';

const signing = {
  deliveryId: 'c9e1f0a2-0000-4000-8000-000000000001',
  at: 1_767_225_600_999,
  text: '{"entity": "model_version", "data": {"name": "é"}}',
};

test('a delivery is signed as MLflow 3.17 signs it, with the second it is sent in', () => {
  expect(deliveryHeaders({ ...signing, secret: 's3cret é' })).toMatchObject({
    'Content-Type': 'application/json',
    'X-MLflow-Delivery-Id': signing.deliveryId,
    'X-MLflow-Timestamp': '1767225600',
    // Made by _generate_hmac_signature of mlflow 3.17.2.
    'X-MLflow-Signature': 'v1,+AsMfe7Fp/Pu3wKLYFo6/Z/62rbJHJ5EnGuuL4bfnZs=',
  });
});

test('without a secret there is no signature', () => {
  expect(deliveryHeaders({ ...signing, secret: undefined })).not.toHaveProperty('X-MLflow-Signature');
});
