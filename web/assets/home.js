// SPDX-License-Identifier: Apache-2.0
// The page one arrives on where there is no files product. All it has is the frame.

import { startFrame } from './frame.js';

await startFrame();
