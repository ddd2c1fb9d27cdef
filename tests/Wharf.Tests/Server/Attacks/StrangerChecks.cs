namespace Wharf.Tests.Server.Attacks;

/// <summary>The registry's own paths, asked by nobody and by somebody else.</summary>
internal sealed class StrangerChecks(AttackedRegistry registry) : Checks(registry)
{
    [Attack("A19a")]
    public async Task Manifests_for_nobody()
    {
        var (repository, image) = await PushAsync();
        foreach (var reference in new[] { "v1", image.Digest.ToString(), "none" })
        {
            foreach (var method in new[] { "GET", "HEAD", "DELETE" })
                (await Anonymous.SendAsync(method, $"/v2/{repository}/manifests/{reference}")).Is(401);
            (await Anonymous.PutManifestAsync(repository, reference, image.Manifest)).Is(401);
        }
        (await Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200);
    }

    [Attack("A19b")]
    public async Task Blobs_for_nobody()
    {
        var (repository, image) = await PushAsync();
        foreach (var method in new[] { "GET", "HEAD", "DELETE" })
            (await Anonymous.SendAsync(method, $"/v2/{repository}/blobs/{image.LayerDigest}")).Is(401);
        (await Client.ReadAsync($"/v2/{repository}/blobs/{image.LayerDigest}")).Is(200);
    }

    [Attack("A19c")]
    public async Task An_upload_that_somebody_else_began()
    {
        var (repository, stranger) = (Registry.NewRepository(), await Registry.CreateUserAsync());
        var content = Requests.RandomBytes(1000);
        var digest = Wharf.Oci.Digest.Of(content);
        var upload = await Client.StartUploadAsync(repository);
        (await Client.SendAsync("PATCH", upload, content[..500])).Is(202);
        var path = upload.Split('?')[0];
        // The id is no permission, in this repository or through one of the stranger's own.
        var elsewhere = path.Replace(repository, $"{stranger.Name}/app", StringComparison.Ordinal);
        await stranger.Client.StartUploadAsync($"{stranger.Name}/app");

        foreach (var method in new[] { "POST", "PATCH", "PUT", "GET", "DELETE" })
        {
            IsOneOf(await Anonymous.SendAsync(method, method == "PUT" ? $"{path}?digest={digest}" : path, method is "GET" or "DELETE" ? null : [1, 2, 3]), 401, 405);
            IsOneOf(await stranger.Client.SendAsync(method, method == "PUT" ? $"{path}?digest={digest}" : path, method is "GET" or "DELETE" ? null : [1, 2, 3]), 401, 403, 405);
            IsOneOf(await stranger.Client.SendAsync(method, method == "PUT" ? $"{elsewhere}?digest={digest}" : elsewhere, method is "GET" or "DELETE" ? null : [1, 2, 3]), 404, 405);
        }

        (await Client.SendAsync("PATCH", upload, content[500..], ("Content-Range", "500-999"))).Is(202);
        (await Client.SendAsync("PUT", $"{path}?digest={digest}", [])).Is(201);
    }

    [Attack("A19d")]
    public async Task The_catalog_for_nobody()
    {
        var (repository, _) = await PushAsync();
        foreach (var path in new[] { "/v2/_catalog", "/v2/_catalog?n=1", "/v2/_catalog/" })
            IsOneOf(await Anonymous.ReadAsync(path), 401, 404);
        // With a token, which anybody gets, it has what is public.
        Assert.DoesNotContain(repository, (await Anonymous.WithTokenAsync(await Anonymous.TokenAsync("registry:catalog:*"), "GET", "/v2/_catalog?n=1000")).Is(200).Text, StringComparison.Ordinal);
    }

    [Attack("A19e")]
    public async Task Tags_for_nobody()
    {
        var (repository, _) = await PushAsync();
        (await Anonymous.ReadAsync($"/v2/{repository}/tags/list")).Is(401);
        (await Anonymous.ReadAsync($"/v2/{repository}/tags/list?n=1&last=a")).Is(401);
    }

    [Attack("A19f")]
    public async Task Referrers_for_nobody()
    {
        var (repository, image) = await PushAsync();
        (await Anonymous.ReadAsync($"/v2/{repository}/referrers/{image.Digest}")).Is(401);
    }

    [Attack("A20")]
    public async Task Other_ways_to_write_the_path_of_a_manifest()
    {
        var (repository, image) = await PushAsync();
        var (user, name) = (repository.Split('/')[0], repository.Split('/')[1]);
        foreach (var path in new[]
        {
            $"//v2//{repository}/manifests/v1", $"/v2//{repository}/manifests/v1", $"/v2/./{repository}/manifests/v1", $"/./v2/{repository}/manifests/v1", $"/v2/{user}%2f{name}/manifests/v1", $"/v2%2f{repository}/manifests/v1", $"/v2/{repository};x/manifests/v1", $"/v2/{repository}/manifests/v1;x",
            $"/v2/{repository}./manifests/v1", $"/v2/{repository}/manifests/v1.", $"/V2/{repository}/manifests/v1", $"/v2/{repository}/Manifests/v1", $"/v2/{repository}/manifests//v1", $"/v2/{repository}/manifests/v1/", $"/v2/x/../{repository}/manifests/v1", $"/v2/x/%2e%2e/{repository}/manifests/v1", $"/v2/auth/../{repository}/manifests/v1",
            $"/health/../v2/{repository}/manifests/v1", $"/v2/{repository}/manifests/v1%00", $"/v2/{repository}/manifests/v1?access_token=x", $"/v2/{repository}/manifests/v1%3Fx", $"/v2\\{repository}\\manifests\\v1", $"/v2/{repository.ToUpperInvariant()}/manifests/v1", $"/v2/{repository}/manifests/{image.Digest.ToString().Replace(":", "%3a", StringComparison.Ordinal)}",
            $"http://{Registry.Host}/v2/{repository}/manifests/v1", $"http://evil.example/v2/{repository}/manifests/v1", $"/v2/-/manifests/v1", $"/v2/{repository}/-/manifests/v1", $"/api/v1/../../v2/{repository}/manifests/v1",
        })
            foreach (var headers in new string[][] { [], ["X-Original-URL: /health/live"], ["X-Rewrite-URL: /health/live"], ["X-HTTP-Method-Override: OPTIONS"] })
            {
                var answer = await RawHttp.RequestAsync(Registry.Url, "GET", path, headers);
                IsClientError(answer, path);
                Assert.DoesNotContain("schemaVersion", answer.Text, StringComparison.Ordinal);
            }
        foreach (var headers in new string[][] { ["X-Original-URL: /v2/" + repository + "/manifests/v1"], ["X-Rewrite-URL: /v2/" + repository + "/manifests/v1"] })
            Assert.DoesNotContain("schemaVersion", (await RawHttp.RequestAsync(Registry.Url, "GET", "/health/live", headers)).Text, StringComparison.Ordinal);
    }

    [Attack("X01")]
    public async Task Somebody_else_reads()
    {
        var ((repository, image), stranger) = (await PushAsync(), await Registry.CreateUserAsync());
        var token = await stranger.Client.TokenAsync($"repository:{repository}:pull");
        foreach (var path in new[] { "manifests/v1", $"manifests/{image.Digest}", $"blobs/{image.LayerDigest}", $"blobs/{image.ConfigDigest}", "tags/list", $"referrers/{image.Digest}" })
            foreach (var method in path.StartsWith("tags", StringComparison.Ordinal) || path.StartsWith("ref", StringComparison.Ordinal) ? (string[])["GET"] : ["GET", "HEAD"])
            {
                IsOneOf(await stranger.Client.SendAsync(method, $"/v2/{repository}/{path}"), 401, 403, 404);
                (await Anonymous.WithTokenAsync(token, method, $"/v2/{repository}/{path}")).Is(401);
            }
        Assert.DoesNotContain(repository, (await stranger.Client.ReadAsync("/v2/_catalog?n=1000")).Text, StringComparison.Ordinal);
        // Mounting is reading too.
        (await stranger.Client.SendAsync("POST", $"/v2/{stranger.Name}/mine/blobs/uploads/?mount={image.LayerDigest}&from={repository}", [])).Is(202);
        (await stranger.Client.SendAsync("POST", $"/v2/{stranger.Name}/mine/blobs/uploads/?mount={image.LayerDigest}", [])).Is(202);
        (await stranger.Client.ReadAsync($"/v2/{stranger.Name}/mine/blobs/{image.LayerDigest}")).Is(404);
    }

    [Attack("X02")]
    public async Task Somebody_else_writes()
    {
        var ((repository, image), stranger) = (await PushAsync(), await Registry.CreateUserAsync());
        var token = await stranger.Client.TokenAsync($"repository:{repository}:pull,push,delete,*");
        var other = Image.Random();
        foreach (var (method, path) in ((string, string)[])[
            ("PUT", "manifests/v1"), ("PUT", $"manifests/{other.Digest}"), ("POST", "blobs/uploads/"), ("POST", $"blobs/uploads/?digest={other.LayerDigest}"), ("POST", $"blobs/uploads/?mount={image.LayerDigest}&from={repository}"),
            ("DELETE", "manifests/v1"), ("DELETE", $"manifests/{image.Digest}"), ("DELETE", $"blobs/{image.LayerDigest}")])
        {
            var body = method == "DELETE" ? null : path.StartsWith("manifests", StringComparison.Ordinal) ? other.Manifest : other.Layer;
            IsOneOf(await stranger.Client.SendAsync(method, $"/v2/{repository}/{path}", body), 401, 403, 404);
            (await Anonymous.WithTokenAsync(token, method, $"/v2/{repository}/{path}", body)).Is(401);
        }
        Assert.Equal(image.Manifest, (await Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200).Body);
        Assert.Equal(["v1"], (await Client.ReadAsync($"/v2/{repository}/tags/list")).Json.GetProperty("tags").Strings());
    }

    private async Task<(string Repository, Image Image)> PushAsync()
    {
        var repository = Registry.NewRepository();
        return (repository, await Client.PushImageAsync(repository, "v1"));
    }
}
