-- What the config of an image says that it runs on, such as linux/arm64: lists of tags would have to open as many blobs otherwise.
-- NULL where it does not say, for an index, and for what was pushed before.
ALTER TABLE manifest_link ADD COLUMN platform TEXT;
