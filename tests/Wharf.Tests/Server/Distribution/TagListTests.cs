using Wharf.Oci;

namespace Wharf.Tests.Server.Distribution;

/// <summary>distribution-spec 1.1.1, "Listing Tags" (end-8a, end-8b); order as in its development version.</summary>
public sealed class TagListTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private HttpClient Client => registry.UserClient;

    [Fact, Trait("Spec", "listing-tags end-8a")]
    public async Task Tags_come_in_ASCII_order_with_the_repositorys_name()
    {
        var repository = await WithTagsAsync("b", "a", "B", "A", "_", "1", "10", "2", "a-b", "a.b");

        var list = (await Client.ReadAsync($"/v2/{repository}/tags/list")).Is(200);

        Assert.Equal("application/json", list.ContentHeaders.ContentType!.MediaType);
        Assert.Equal(repository, list.Json.GetProperty("name").GetString());
        Assert.Equal(["1", "10", "2", "A", "B", "_", "a", "a-b", "a.b", "b"], Tags(list));
        Assert.Null(list.Header("Link"));
    }

    [Fact, Trait("Spec", "listing-tags end-8b")]
    public async Task N_limits_the_list_and_the_link_leads_through_all_of_it()
    {
        var expected = Enumerable.Range(0, 7).Select(i => $"t{i}").ToArray();
        var repository = await WithTagsAsync(expected);
        var (found, pages, next) = (new List<string>(), 0, (string?)$"/v2/{repository}/tags/list?n=3");

        while (next is not null)
        {
            var page = (await Client.ReadAsync(next)).Is(200);
            Assert.InRange(Tags(page).Length, 1, 3);
            found.AddRange(Tags(page));
            pages++;
            next = Next(page);
        }

        Assert.Equal(expected, found);
        Assert.Equal(3, pages);
    }

    [Fact, Trait("Spec", "listing-tags end-8b")]
    public async Task A_full_last_page_has_no_link()
    {
        var repository = await WithTagsAsync("a", "b");

        var list = (await Client.ReadAsync($"/v2/{repository}/tags/list?n=2")).Is(200);

        Assert.Equal(["a", "b"], Tags(list));
        Assert.Null(list.Header("Link"));
    }

    [Fact, Trait("Spec", "listing-tags end-8b")]
    public async Task N_of_zero_is_an_empty_list_without_a_link()
    {
        var repository = await WithTagsAsync("a", "b");

        var list = (await Client.ReadAsync($"/v2/{repository}/tags/list?n=0")).Is(200);

        Assert.Empty(Tags(list));
        Assert.Null(list.Header("Link"));
    }

    [Fact, Trait("Spec", "listing-tags end-8b")]
    public async Task Last_is_not_included_and_need_not_be_a_tag_of_the_repository()
    {
        var repository = await WithTagsAsync("a", "c", "d");

        Assert.Equal(["c", "d"], Tags((await Client.ReadAsync($"/v2/{repository}/tags/list?last=a")).Is(200)));
        Assert.Equal(["c", "d"], Tags((await Client.ReadAsync($"/v2/{repository}/tags/list?last=b")).Is(200)));
        Assert.Equal(["c"], Tags((await Client.ReadAsync($"/v2/{repository}/tags/list?last=b&n=1")).Is(200)));
        Assert.Empty(Tags((await Client.ReadAsync($"/v2/{repository}/tags/list?last=d")).Is(200)));
    }

    [Theory, Trait("Spec", "listing-tags end-8b")]
    [InlineData("-1")]
    [InlineData("ten")]
    [InlineData("")]
    [InlineData("1.5")]
    [InlineData("0x10")]
    public async Task N_that_is_no_number_is_400(string n)
    {
        var repository = await WithTagsAsync("a");

        (await Client.ReadAsync($"/v2/{repository}/tags/list?n={n}")).Is(400, "PAGINATION_NUMBER_INVALID");
    }

    [Fact, Trait("Issue", "2"), Trait("Speed", "Slow")]
    public async Task N_is_honoured_up_to_10000_and_more_is_taken_as_10000()
    {
        var repository = await WithTagsAsync();
        var image = await Client.PushImageAsync(repository, "t00000");
        for (var i = 1; i < 10_001; i += 100)
        {
            var tags = Enumerable.Range(i, Math.Min(100, 10_001 - i)).Select(t => $"tag=t{t:d5}");
            (await Client.PutManifestAsync(repository, $"{image.Digest}?{string.Join('&', tags)}", image.Manifest)).Is(201);
        }

        var list = (await Client.ReadAsync($"/v2/{repository}/tags/list?n=10000")).Is(200);
        var more = (await Client.ReadAsync($"/v2/{repository}/tags/list?n=99999999999999999999")).Is(200);

        Assert.Equal(10_000, Tags(list).Length);
        Assert.Equal(10_000, Tags(more).Length);
        Assert.Equal(["t10000"], Tags((await Client.ReadAsync(Next(list)!)).Is(200)));
    }

    [Fact, Trait("Spec", "listing-tags end-8a")]
    public async Task A_repository_without_tags_has_an_empty_list()
    {
        var repository = registry.NewRepository();
        await Client.PushBlobAsync(repository, []);

        Assert.Empty(Tags((await Client.ReadAsync($"/v2/{repository}/tags/list")).Is(200)));
    }

    private async Task<string> WithTagsAsync(params string[] tags)
    {
        var repository = registry.NewRepository();
        foreach (var tag in tags)
        {
            var index = Image.Index(MediaTypes.OciIndex);
            (await Client.PutManifestAsync(repository, tag, index, MediaTypes.OciIndex)).Is(201);
        }
        return repository;
    }

    private static string[] Tags(Answer list) => list.Json.GetProperty("tags").Strings();

    // RFC 8288: <target>; rel="next"
    internal static string? Next(Answer page)
    {
        if (page.Header("Link") is not { } link)
        {
            return null;
        }
        Assert.EndsWith(">; rel=\"next\"", link, StringComparison.Ordinal);
        return link[(link.IndexOf('<', StringComparison.Ordinal) + 1)..link.IndexOf('>', StringComparison.Ordinal)];
    }
}
