using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Wharf.Oci;
using Wharf.Tests.Server.ApiDocs;

namespace Wharf.Tests.Server;

/// <summary>The requests of tests that speak the distribution protocol themselves.</summary>
internal static class Requests
{
    private static readonly string[] ContentHeaders = ["Content-Type", "Content-Length", "Content-Range", "Content-Encoding"];

    /// <summary>Sends one request and reads the whole answer, whatever its status.</summary>
    public static async Task<Answer> SendAsync(this HttpClient client, string method, string path, byte[]? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null || headers.Any(h => ContentHeaders.Contains(h.Name)))
        {
            request.Content = new ByteArrayContent(body ?? []);
        }
        foreach (var (name, value) in headers)
        {
            Assert.True(ContentHeaders.Contains(name) ? request.Content!.Headers.TryAddWithoutValidation(name, value) : request.Headers.TryAddWithoutValidation(name, value));
        }
        // A stream of events has no end to wait for.
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        var bytes = response.Content.Headers.ContentType?.MediaType == "text/event-stream" ? [] : await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        var answer = new Answer(response.StatusCode, response.Headers, response.Content.Headers, bytes);
        ApiContract.Check(method, path, answer);
        return answer;
    }

    public static Task<Answer> ReadAsync(this HttpClient client, string path, params (string Name, string Value)[] headers) => client.SendAsync("GET", path, null, headers);

    /// <summary>Starts an upload session and answers its location.</summary>
    public static async Task<string> StartUploadAsync(this HttpClient client, string repository) =>
        (await client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/", [])).Is(202).Location;

    public static async Task<Digest> PushBlobAsync(this HttpClient client, string repository, byte[] content)
    {
        var digest = Digest.Of(content);
        (await client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/?digest={digest}", content)).Is(201);
        return digest;
    }

    public static Task<Answer> PutManifestAsync(this HttpClient client, string repository, string reference, byte[] manifest, string? mediaType = MediaTypes.OciManifest) =>
        client.SendAsync("PUT", $"/v2/{repository}/manifests/{reference}", manifest, mediaType is null ? [] : [("Content-Type", mediaType)]);

    /// <summary>Pushes the image's blobs and then its manifest under a tag.</summary>
    public static async Task<Image> PushImageAsync(this HttpClient client, string repository, string tag, Image? image = null)
    {
        image ??= Image.Random();
        await client.PushBlobAsync(repository, image.Config);
        await client.PushBlobAsync(repository, image.Layer);
        (await client.PutManifestAsync(repository, tag, image.Manifest)).Is(201);
        return image;
    }

    /// <summary>A token of the token service; without credentials when the client sends none.</summary>
    public static async Task<string> TokenAsync(this HttpClient client, params string[] scopes) =>
        (await client.ReadAsync("/v2/auth?service=wharf" + string.Concat(scopes.Select(s => "&scope=" + Uri.EscapeDataString(s))))).Is(200).Json.GetProperty("token").GetString()!;

    /// <summary>A request with this bearer token in place of the client's own credential.</summary>
    public static Task<Answer> WithTokenAsync(this HttpClient anonymous, string token, string method, string path, byte[]? body = null, params (string Name, string Value)[] headers) =>
        anonymous.SendAsync(method, path, body, [.. headers, ("Authorization", "Bearer " + token)]);

    /// <summary>Makes a repository of the client's own public or private.</summary>
    public static async Task SetPublicAsync(this HttpClient owner, string repository, bool isPublic) =>
        (await owner.SendAsync("POST", $"/api/v1/repository/{repository}/changevisibility",
            Encoding.UTF8.GetBytes($"{{\"visibility\":\"{(isPublic ? "public" : "private")}\"}}"), ("Content-Type", "application/json"))).Is(200);

    /// <summary>Sends a JSON text.</summary>
    public static Task<Answer> SendJsonAsync(this HttpClient client, string method, string path, string json) =>
        client.SendAsync(method, path, Encoding.UTF8.GetBytes(json), ("Content-Type", "application/json"));

    public static (string Name, string Value) Basic(string user, string password) =>
        ("Authorization", new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"))).ToString());

    public static string[] Strings(this JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetString()!)];

    public static byte[] RandomBytes(int count) => RandomNumberGenerator.GetBytes(count);
}
