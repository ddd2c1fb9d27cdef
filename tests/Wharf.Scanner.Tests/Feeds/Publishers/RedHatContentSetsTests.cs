using System.Text;
using Wharf.Scanner.Feeds.Publishers;

namespace Wharf.Scanner.Tests.Feeds.Publishers;

public sealed class RedHatContentSetsTests
{
    [Fact]
    public void A_repository_has_the_CPEs_of_its_products()
    {
        var problems = new List<string>();
        const string table = """
            {"data":{"rhel-9-for-x86_64-baseos-rpms":{"cpes":["cpe:/o:redhat:enterprise_linux:9::baseos"],"repo_relative_urls":["x"]},
            "two":{"cpes":["cpe:/a:redhat:rhel_eus:9.2::appstream","cpe:/o:redhat:rhel_eus:9.2::baseos"]},"none":{"cpes":[]}}}
            """;

        var sets = RedHatContentSets.Read(new MemoryStream(Encoding.UTF8.GetBytes(table)), "redhat/repository-to-cpe.json", problems.Add).ToList();

        Assert.Equal(
            [
                ("redhat-content-set", "rhel-9-for-x86_64-baseos-rpms", "cpe:/o:redhat:enterprise_linux:9::baseos"),
                ("redhat-content-set", "two", "cpe:/a:redhat:rhel_eus:9.2::appstream"),
                ("redhat-content-set", "two", "cpe:/o:redhat:rhel_eus:9.2::baseos"),
            ],
            sets.SelectMany(static set => set.Affected).Select(static row => (row.Ecosystem, row.Name, row.Cpe!)));
        Assert.Single(problems);
    }
}
