using System.Net;
using System.Security.Cryptography;
using System.Text.Json;

namespace Wharf.Tests.Clients;

/// <summary>Looks over HTTP at what a client has pushed.</summary>
internal static class PulledContent
{
    private static readonly string[] ManifestTypes =
    [
        "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json", "application/vnd.docker.distribution.manifest.list.v2+json",
    ];

    /// <summary>The manifest under a tag or digest; its digest header must be that of its bytes.</summary>
    public static async Task<PulledManifest> ManifestAsync(this HttpClient client, string repository, string reference)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v2/{repository}/manifests/{reference}");
        foreach (var type in ManifestTypes)
        {
            request.Headers.Accept.ParseAdd(type);
        }
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{repository}:{reference} answers {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
        var bytes = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        var digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));
        Assert.Equal(digest, response.Headers.GetValues("Docker-Content-Digest").Single());
        return new PulledManifest(response.Content.Headers.ContentType!.MediaType!, digest, bytes, JsonDocument.Parse(bytes).RootElement);
    }

    /// <summary>The bytes of a blob, checked against its digest.</summary>
    public static async Task<byte[]> BlobAsync(this HttpClient client, string repository, string digest)
    {
        var bytes = await client.GetByteArrayAsync($"/v2/{repository}/blobs/{digest}", TestContext.Current.CancellationToken);
        Assert.Equal(digest, "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes)));
        return bytes;
    }

    /// <summary>Reads every layer and the configuration of an image from the registry, each checked against its digest.</summary>
    public static async Task WholeImageAsync(this HttpClient client, string repository, PulledManifest manifest)
    {
        foreach (var digest in manifest.BlobDigests)
        {
            await client.BlobAsync(repository, digest);
        }
    }

    public static async Task<HttpStatusCode> StatusAsync(this HttpClient client, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Accept.ParseAdd("*/*");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }

    public static async Task<string[]> TagsAsync(this HttpClient client, string repository)
    {
        using var document = JsonDocument.Parse(await client.GetStringAsync($"/v2/{repository}/tags/list", TestContext.Current.CancellationToken));
        return [.. document.RootElement.GetProperty("tags").EnumerateArray().Select(t => t.GetString()!)];
    }
}
