# SPDX-License-Identifier: Apache-2.0
# A package, so that a file here and one in tests/system may have the same name.
