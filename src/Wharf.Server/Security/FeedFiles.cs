using Wharf.Server.Content;

namespace Wharf.Server.Security;

internal static class FeedFiles
{
    extension(StoredFiles files)
    {
        /// <summary>Writes what a publisher served to a file, with the time at which it changed.</summary>
        /// <exception cref="InvalidDataException">It is not in the blob storage.</exception>
        public async Task CopyAsync(FeedFile file, string path, CancellationToken ct)
        {
            await using (var from = await files.OpenAsync(file.Key, ct) ?? throw new InvalidDataException($"{file.Path} is not in the blob storage; `wharf feeds update --force` fetches it again."))
            await using (var to = File.Create(path))
                await from.CopyToAsync(to, 1 << 20, ct);
            File.SetLastWriteTimeUtc(path, DateTimeOffset.FromUnixTimeMilliseconds(file.ModifiedMs).UtcDateTime);
        }
    }
}
