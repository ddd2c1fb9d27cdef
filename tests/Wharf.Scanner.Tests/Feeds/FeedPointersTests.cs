using Wharf.Scanner.Feeds;

namespace Wharf.Scanner.Tests.Feeds;

public sealed class FeedPointersTests
{
    [Theory]
    [InlineData("csaf_vex_2026-03-01.tar.zst", "csaf_vex_2026-03-01.tar.zst")]
    [InlineData("csaf_vex_2026-03-01.tar.zst\r\n", "csaf_vex_2026-03-01.tar.zst")]
    [InlineData("\n a b \nc", "a b")]
    public void The_first_line_names_a_file(string text, string file) => Assert.Equal(file, FeedPointers.FirstLine(text));

    [Theory]
    [InlineData("https://cdn.example.com/guids/1/x86_64\n", "https://cdn.example.com/guids/1/x86_64/repodata/repomd.xml")]
    [InlineData("https://cdn.example.com/guids/1/x86_64/\nhttps://other.example.com/", "https://cdn.example.com/guids/1/x86_64/repodata/repomd.xml")]
    public void A_list_of_mirrors_leads_to_the_index_of_the_first(string text, string index) => Assert.Equal(index, FeedPointers.Repository(text));

    [Theory]
    [InlineData("")]
    [InlineData(" \r\n ")]
    public void A_text_without_a_line_leads_nowhere(string text) => Assert.Throws<InvalidDataException>(() => FeedPointers.FirstLine(text));

    [Theory]
    [InlineData("")]
    [InlineData("<repomd>")]
    [InlineData("<repomd><data type='updateinfo'/></repomd>")]
    [InlineData("<repomd><data type='primary'><location href='repodata/primary.xml.gz'/></data></repomd>")]
    [InlineData("<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><repomd><data type='updateinfo'><location href='&b;'/></data></repomd>")]
    public void An_index_without_updates_leads_nowhere(string text) => Assert.Throws<InvalidDataException>(() => FeedPointers.UpdateInfo(text));
}
