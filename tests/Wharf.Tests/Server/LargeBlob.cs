using System.Net;
using System.Security.Cryptography;

namespace Wharf.Tests.Server;

/// <summary>A blob that is sent and read as a stream, never held as a whole.</summary>
internal static class LargeBlob
{
    private const int MiB = 1 << 20;

    /// <param name="repository">With its namespace.</param>
    /// <param name="size">Whole MiB.</param>
    /// <param name="inOneRequest">By POST; else by PATCH and PUT.</param>
    public static async Task PushAndPullAsync(HttpClient client, string repository, long size, bool inOneRequest = false)
    {
        var ct = TestContext.Current.CancellationToken;
        var piece = RandomNumberGenerator.GetBytes(MiB);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var n = 0; n < size / MiB; n++)
            hash.AppendData(piece);
        var digest = "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());

        using var body = new RepeatedContent(piece, size / MiB);
        if (inOneRequest)
        {
            using var posted = await client.PostAsync($"/v2/{repository}/blobs/uploads/?digest={digest}", body, ct);
            Assert.Equal(HttpStatusCode.Created, posted.StatusCode);
        }
        else
        {
            using var patched = await client.PatchAsync(await client.StartUploadAsync(repository), body, ct);
            Assert.Equal(HttpStatusCode.Accepted, patched.StatusCode);
            (await client.SendAsync("PUT", $"{patched.Headers.Location}?digest={digest}", [])).Is(201);
        }

        await using var content = await client.GetStreamAsync($"/v2/{repository}/blobs/{digest}", ct);
        Assert.Equal(digest, "sha256:" + Convert.ToHexStringLower(await SHA256.HashDataAsync(content, ct)));
    }

    /// <summary>One piece again and again.</summary>
    private sealed class RepeatedContent(byte[] piece, long times) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            for (var n = 0L; n < times; n++)
                await stream.WriteAsync(piece);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = piece.Length * times;
            return true;
        }
    }
}
