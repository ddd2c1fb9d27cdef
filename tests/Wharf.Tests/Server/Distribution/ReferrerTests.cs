using System.Text;
using System.Text.Json;
using Wharf.Oci;

namespace Wharf.Tests.Server.Distribution;

/// <summary>distribution-spec 1.1.1, "Listing Referrers" (end-12a, end-12b).</summary>
public sealed class ReferrerTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private HttpClient Client => registry.UserClient;

    [Fact, Trait("Spec", "listing-referrers end-12a")]
    public async Task Referrers_are_an_index_of_descriptors_with_type_and_annotations()
    {
        var repository = registry.NewRepository();
        var subject = await Client.PushImageAsync(repository, "v1");
        var artifact = await AttachAsync(repository, Image.Random(artifactType: "application/vnd.example.sbom", subject: subject.Digest));
        var untyped = await AttachAsync(repository, Image.Random(subject: subject.Digest, configType: "application/vnd.example.config"));

        var list = (await Client.ReadAsync($"/v2/{repository}/referrers/{subject.Digest}")).Is(200);

        Assert.Equal(MediaTypes.OciIndex, list.ContentHeaders.ContentType!.ToString());
        Assert.Equal(2, list.Json.GetProperty("schemaVersion").GetInt32());
        Assert.Equal(MediaTypes.OciIndex, list.Json.GetProperty("mediaType").GetString());
        var byDigest = list.Json.GetProperty("manifests").EnumerateArray().ToDictionary(m => m.GetProperty("digest").GetString()!);
        Assert.Equal(2, byDigest.Count);
        var descriptor = byDigest[artifact.Digest.ToString()];
        Assert.Equal(MediaTypes.OciManifest, descriptor.GetProperty("mediaType").GetString());
        Assert.Equal(artifact.Manifest.Length, descriptor.GetProperty("size").GetInt32());
        Assert.Equal("application/vnd.example.sbom", descriptor.GetProperty("artifactType").GetString());
        Assert.Equal("tests", descriptor.GetProperty("annotations").GetProperty("org.example.made-by").GetString());
        Assert.Equal("application/vnd.example.config", byDigest[untyped.Digest.ToString()].GetProperty("artifactType").GetString());
        Assert.Null(list.Header("OCI-Filters-Applied"));
    }

    [Fact, Trait("Spec", "listing-referrers end-12a")]
    public async Task An_index_is_a_referrer_and_without_a_type_of_its_own_has_none()
    {
        var (repository, subject) = (registry.NewRepository(), Digest.Of("subject"u8));
        var index = Encoding.UTF8.GetBytes($$"""
            {"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[],"subject":{"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{subject}}","size":7 } }
            """);

        var put = (await Client.PutManifestAsync(repository, "i", index, MediaTypes.OciIndex)).Is(201);
        var list = Manifests((await Client.ReadAsync($"/v2/{repository}/referrers/{subject}")).Is(200));

        Assert.Equal(subject.ToString(), put.Header("OCI-Subject"));
        Assert.Equal(Digest.Of(index).ToString(), list.Single().GetProperty("digest").GetString());
        Assert.False(list.Single().TryGetProperty("artifactType", out _));
    }

    [Fact, Trait("Spec", "listing-referrers end-12b")]
    public async Task A_filter_keeps_one_type_and_is_acknowledged()
    {
        var (repository, subject) = (registry.NewRepository(), Digest.Of("subject"u8));
        var sbom = await AttachAsync(repository, Image.Random(artifactType: "application/vnd.example.sbom+json", subject: subject));
        await AttachAsync(repository, Image.Random(artifactType: "application/vnd.example.signature", subject: subject));

        var filtered = (await Client.ReadAsync($"/v2/{repository}/referrers/{subject}?artifactType=application/vnd.example.sbom%2Bjson")).Is(200);
        var none = (await Client.ReadAsync($"/v2/{repository}/referrers/{subject}?artifactType=application/none")).Is(200);

        Assert.Equal([sbom.Digest.ToString()], Manifests(filtered).Select(m => m.GetProperty("digest").GetString()));
        Assert.Equal("artifactType", filtered.Header("OCI-Filters-Applied"));
        Assert.Empty(Manifests(none));
        Assert.Equal("artifactType", none.Header("OCI-Filters-Applied"));
    }

    [Fact, Trait("Spec", "listing-referrers end-12a")]
    public async Task A_subject_without_referrers_has_an_empty_list_and_never_404()
    {
        var repository = registry.NewRepository();

        Assert.Empty(Manifests((await Client.ReadAsync($"/v2/{repository}/referrers/{Digest.Of("x"u8)}")).Is(200)));
        await Client.PushImageAsync(repository, "v1");
        Assert.Empty(Manifests((await Client.ReadAsync($"/v2/{repository}/referrers/{Digest.Of("x"u8)}")).Is(200)));
    }

    [Theory, Trait("Spec", "listing-referrers end-12a")]
    [InlineData("sha256:12")]
    [InlineData("latest")]
    public async Task A_malformed_digest_is_400(string digest) => (await Client.ReadAsync($"/v2/{registry.NewRepository()}/referrers/{digest}")).Is(400, "DIGEST_INVALID");

    [Fact, Trait("Spec", "listing-referrers end-12a")]
    public async Task Referrers_are_those_of_this_repository_only()
    {
        var (repository, other, subject) = (registry.NewRepository(), registry.NewRepository(), Digest.Of("subject"u8));
        await AttachAsync(other, Image.Random(artifactType: "a/b", subject: subject));

        Assert.Empty(Manifests((await Client.ReadAsync($"/v2/{repository}/referrers/{subject}")).Is(200)));
    }

    [Fact, Trait("Spec", "listing-referrers end-12a")]
    public async Task A_deleted_referrer_leaves_the_list_and_comes_back_when_pushed_again()
    {
        var (repository, subject) = (registry.NewRepository(), Digest.Of("subject"u8));
        var artifact = await AttachAsync(repository, Image.Random(artifactType: "a/b", subject: subject));

        (await Client.SendAsync("DELETE", $"/v2/{repository}/manifests/{artifact.Digest}")).Is(202);
        Assert.Empty(Manifests((await Client.ReadAsync($"/v2/{repository}/referrers/{subject}")).Is(200)));

        (await Client.PutManifestAsync(repository, artifact.Digest.ToString(), artifact.Manifest)).Is(201);
        Assert.Single(Manifests((await Client.ReadAsync($"/v2/{repository}/referrers/{subject}")).Is(200)));
    }

    [Fact, Trait("Spec", "listing-referrers end-12a")]
    public async Task A_long_list_comes_in_parts_of_at_most_4_MiB_that_links_join()
    {
        var (repository, subject) = (registry.NewRepository(), Digest.Of("subject"u8));
        var expected = new HashSet<string>();
        var note = new string('n', 1_500_000);
        for (var i = 0; i < 3; i++)
        {
            var index = Encoding.UTF8.GetBytes($$"""
                {"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","artifactType":"a/b+c","manifests":[],"annotations":{"note":"{{note}}{{i}}"},
                 "subject":{"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{subject}}","size":7 } }
                """);
            (await Client.PutManifestAsync(repository, $"i{i}", index, MediaTypes.OciIndex)).Is(201);
            expected.Add(Digest.Of(index).ToString());
        }
        foreach (var filter in new[] { "", "?artifactType=a/b%2Bc" })
        {
            var (found, pages, next) = (new List<string>(), 0, (string?)$"/v2/{repository}/referrers/{subject}{filter}");
            while (next is not null)
            {
                var page = (await Client.ReadAsync(next)).Is(200);
                Assert.InRange(page.Body.Length, 0, 4 << 20);
                Assert.Equal(filter.Length > 0 ? "artifactType" : null, page.Header("OCI-Filters-Applied"));
                found.AddRange(Manifests(page).Select(m => m.GetProperty("digest").GetString()!));
                pages++;
                next = TagListTests.Next(page);
            }
            Assert.Equal(expected.Order(), found.Order());
            Assert.True(pages > 1);
        }
    }

    private async Task<Image> AttachAsync(string repository, Image image)
    {
        await Client.PushBlobAsync(repository, image.Config);
        await Client.PushBlobAsync(repository, image.Layer);
        (await Client.PutManifestAsync(repository, image.Digest.ToString(), image.Manifest)).Is(201);
        return image;
    }

    private static JsonElement[] Manifests(Answer list) => [.. list.Json.GetProperty("manifests").EnumerateArray()];
}
