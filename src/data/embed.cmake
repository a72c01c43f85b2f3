# Writes a C++ source that holds a file's bytes: cmake -DINPUT=… -DOUTPUT=… -DNAME=… -P embed.cmake
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE ${OUTPUT}
     "#include \"data/embedded.h\"\n\nnamespace vitlab::data {\nnamespace {\n"
     "constexpr unsigned char kBytes[] = {\n${bytes}\n};\n}  // namespace\n\n"
     "std::string_view ${NAME}() {\n"
     "  return {reinterpret_cast<const char*>(kBytes), sizeof kBytes};\n}\n\n}  // namespace vitlab::data\n")
